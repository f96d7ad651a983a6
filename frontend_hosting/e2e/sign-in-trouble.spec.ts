import { expect, INSECURE_HOST, test } from './call.ts'

test.beforeEach(({ call }) => {
  call.tolerate(/^Failed to load resource/u)
})

for (const [name, answer, title, detail] of [
  ['is missing', { status: 404, body: '' }, 'The page was not set up', '/config.json: 404'],
  ['is not JSON', { status: 200, body: '<!doctype html>' }, 'The page was set up wrongly', '/config.json is not JSON'],
  ['has no client', { status: 200, body: '{"authority":"https://a.example","domain":"https://a.example","scopes":["openid"]}' }, 'The page was set up wrongly', 'clientId is missing'],
] as const) {
  test(`a page whose config.json ${name} says so, and tries again`, async ({ call, line }) => {
    const { page } = call
    await page.route('**/config.json', (route) => route.fulfill(answer))
    await page.goto(line.url)
    await expect(page.getByRole('alert')).toContainText(title)
    await expect(page.getByRole('alert')).toContainText(detail)
    await page.unroute('**/config.json')
    await page.getByRole('button', { name: 'Try again' }).click()
    await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible()
  })
}

test('a user pool that is down is named before the password is asked for', async ({ call, pool, line }) => {
  const { page } = call
  await pool.breakDown()
  await page.goto(line.url)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('alert')).toContainText('Sign-in cannot be reached')
  await call.screenshot('sign-in-unreachable')
  await pool.mend()
  await page.getByRole('button', { name: 'Sign in' }).click()
  await pool.expectPage(page)
})

test('a callback that nobody began is not completed, and leaves no trace in the address', async ({ call, pool, line }) => {
  const { page } = call
  await page.goto(`${line.url}/auth/callback?code=stolen&state=unknown`)
  await expect(page.getByRole('alert')).toContainText('The sign-in was not completed')
  expect(page.url()).toBe(`${line.url}/`)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await pool.fillIn(page)
  await call.expectSignedIn()
})

test('a browser that blocks storage is told what signing in needs', async ({ call, line }) => {
  const { page } = call
  await page.addInitScript(() => {
    Object.defineProperty(globalThis, 'sessionStorage', { get: () => { throw new DOMException('no', 'SecurityError') } })
  })
  await page.goto(line.url)
  await expect(page.getByRole('alert')).toContainText('keeps nothing for this page')
})

for (const [status, body, title] of [
  [403, { detail: 'You are not a member.' }, 'You may not use this service from here'],
  [429, { detail: 'Too many tickets.' }, 'Too many'],
  [503, { detail: 'All places are taken.' }, 'The service refused the call'],
] as const) {
  test(`a ticket that is refused with ${status} says why`, async ({ call }) => {
    const { page } = call
    await call.open()
    await page.route('**/api/tickets', (route) => route.fulfill({ status, json: body, headers: { 'Retry-After': '2' } }))
    await page.getByRole('button', { name: 'Start talking' }).click()
    await expect(page.getByRole('alert')).toContainText(title)
    await expect(page.getByRole('alert')).toContainText(body.detail)
    await page.unroute('**/api/tickets')
    await page.getByRole('button', { name: 'Start again' }).click()
    await call.expectPhase('listening')
  })
}

for (const [direction, offMs] of [['ahead', 3_600_000], ['behind', -3_600_000]] as const) {
  test(`a clock that is an hour ${direction} is told, and hinders nobody`, async ({ call }) => {
    await call.page.addInitScript((off) => {
      const now = Date.now
      Date.now = () => now() + off
    }, offMs)
    await call.open()
    await call.start()
    await expect(call.page.locator('[data-notice=clockWrong]')).toBeVisible()
    await call.screenshot(`clock-${direction}`)
    await call.page.getByRole('button', { name: 'Dismiss' }).click()
    await call.type('What can you do?')
    await call.expectSound()
  })
}

test('a page without https is told why nobody can be signed in there', async ({ call, line }) => {
  const { page } = call
  // A name that is no localhost, which leads here; its http is not secure.
  const insecure = line.url.replace('127.0.0.1', INSECURE_HOST)
  call.expectOrigin(insecure)
  call.tolerate(/Cross-Origin-Opener-Policy header has been ignored/u)
  await page.goto(insecure)
  await expect(page.getByRole('alert')).toContainText('This page is not secure')
  await expect(page.getByRole('alert')).toContainText('Open the page at its https address')
  await call.screenshot('insecure')
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(page.getByRole('alert')).toContainText('This page is not secure')
  await page.goto(line.url)
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible()
})
