import { expect, test } from './call.ts'

test('a wrong password, the right one, a call, and out again', async ({ call, pool, line }) => {
  const { page } = call
  call.tolerate(/^Failed to load resource.* 401/u)
  let token = ''
  page.on('request', (request) => {
    if (request.url().endsWith('/api/tickets')) token = request.headers()['authorization'] ?? ''
  })
  await page.goto(line.url)
  await call.screenshot('sign-in')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await pool.expectPage(page)
  await pool.fillIn(page, 'not-the-password')
  await expect(page.getByRole('alert')).toContainText('Incorrect username or password')
  await call.screenshot('sign-in-wrong-password')
  await pool.fillIn(page)
  await call.expectSignedIn()
  expect(page.url()).toBe(`${line.url}/`)

  const stored = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))
  expect(stored, 'no token lies in storage').not.toMatch(/token|eyJ/u)

  await page.getByRole('button', { name: 'Start talking' }).click()
  await expect(page.getByRole('status')).toHaveText('Listening')
  await call.type('What can you do?')
  await call.expectSound()

  expect(await pool.knows(token)).toBe(true)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible()
  expect(await pool.knows(token), 'the tokens of this sign-in are revoked').toBe(false)
  await page.reload()
  await page.getByRole('button', { name: 'Sign in' }).click()
  await pool.expectPage(page)
})

test('a reload asks nobody for anything: one redirect and one is back', async ({ call, pool }) => {
  const { page } = call
  await call.open()
  const visited: string[] = []
  page.on('framenavigated', (frame) => visited.push(new URL(frame.url()).pathname))
  await page.reload()
  await call.expectSignedIn()
  expect(visited).toEqual(['/', '/auth/callback', '/'])
  await call.start()
  expect(pool.origin).not.toBe(new URL(page.url()).origin)
})

test.describe('with tokens that live for twenty seconds', () => {
  test('a call goes on over two renewals, without a gap', async ({ call, pool }) => {
    await pool.shortenTokens(20)
    const { page } = call
    const tickets: string[] = []
    const sent: string[] = []
    page.on('response', (response) => {
      if (response.url().endsWith('/api/tickets')) tickets.push(`${response.status()}`)
      if (response.url().endsWith('/oauth2/token')) sent.push(response.request().postData()?.match(/grant_type=(\w+)/u)?.[1] ?? '')
    })
    await call.open()
    await call.start()
    await call.forgetPhases()
    await call.type('What can you do?')
    await call.expectSound()
    await expect.poll(() => tickets.length, { timeout: 45_000 }).toBeGreaterThanOrEqual(3)
    await call.type('Where does this run?')
    await call.expectSound()
    expect(tickets.every((status) => status === '200')).toBe(true)
    expect(sent.filter((grant) => grant === 'refresh_token').length).toBeGreaterThanOrEqual(2)
    expect(await call.phases()).not.toContain('reconnecting')
    await expect(page.getByRole('alert')).toHaveCount(0)
  })
})

test('whoever was signed out elsewhere is told so in the call, and comes back by signing in', async ({ call, pool }) => {
  test.setTimeout(150_000)
  call.tolerate(/^Failed to load resource.* 40[01]/u)
  const { page } = call
  await call.open()
  await call.start()
  await call.type('What can you do?')
  await call.expectSound()
  await pool.signOutUser()
  await expect(page.getByRole('alert')).toContainText('You need to sign in again', { timeout: 70_000 })
  await call.screenshot('sign-in-again')
  await expect(page.getByRole('button', { name: 'Start again' }), 'it would only end here again').toHaveCount(0)
  await page.getByRole('button', { name: 'Sign in again' }).click()
  await pool.expectPage(page)
  await pool.fillIn(page)
  await call.expectSignedIn()
  await expect(page.getByText('You are signed in again')).toBeVisible()
  await expect(call.log, 'what was said is still there').toContainText('What can you do?')
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage })), 'and nowhere else').not.toContain('What can you do')
  await call.screenshot('signed-in-again')
  await page.getByRole('button', { name: 'Start again' }).click()
  await call.expectPhase('listening')
  await expect(call.log, 'the same conversation goes on').not.toContainText('A new session began')
  await expect(call.log.locator('[data-role=user]')).toHaveCount(1)
})

test('signing in again while the user pool is down says so, and works when it is back', async ({ call, pool }) => {
  call.tolerate(/^Failed to load resource/u)
  const { page } = call
  await call.open()
  await page.route('**/api/tickets', (route) => route.fulfill({ status: 401, json: { detail: 'Please sign in first.' } }))
  await page.getByRole('button', { name: 'Start talking' }).click()
  await expect(page.getByRole('alert')).toContainText('You need to sign in again')
  await pool.breakDown()
  await page.getByRole('button', { name: 'Sign in again' }).click()
  await expect(page.getByText('Sign-in cannot be reached')).toBeVisible()
  await call.screenshot('sign-in-again-unreachable')
  await pool.mend()
  await page.getByRole('button', { name: 'Sign in again' }).click()
  // The user pool remembers the user.
  await expect(page.getByRole('alert')).toHaveCount(0)
  await call.expectSignedIn()
})

test('signing out in one window signs out the other, and ends its call', async ({ call, line }) => {
  await call.open()
  const other = await call.page.context().newPage()
  await other.goto(line.url)
  await other.getByRole('button', { name: 'Sign in' }).click()
  await expect(other.getByRole('button', { name: 'Start talking' })).toBeVisible()
  await call.start()
  await other.getByRole('button', { name: 'Sign out' }).click()
  await expect(call.page.getByRole('button', { name: 'Sign in' })).toBeVisible()
  await expect(other.getByRole('button', { name: 'Sign in' })).toBeVisible()
})

test('"back" from the sign-in page finds the button again', async ({ call, pool, line }) => {
  const { page } = call
  await page.goto(line.url)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await pool.expectPage(page)
  await page.goBack()
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeEnabled()
})
