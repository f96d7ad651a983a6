import { ASKS_ON, ASKS_ONCE, expect, test } from './call.ts'
import { HEARD } from './sound.ts'

test.describe('a spoken question', () => {
  test.use({ sound: ASKS_ONCE })

  test('is heard, answered aloud, interrupted and ended', async ({ call }) => {
    await call.open()
    await call.start()

    await call.expectSound()
    const { page, log } = call
    await expect(log.locator('[data-role=user]').first()).toHaveText(HEARD)
    await expect(call.replies.first()).toContainText('answered in')
    const responseMs = Number(await log.locator('[data-response-ms]').first().getAttribute('data-response-ms'))
    expect(responseMs).toBeGreaterThan(100)
    expect(responseMs).toBeLessThan(10_000)
    await call.screenshot('speaking')

    await page.keyboard.press('Escape')
    await call.expectQuiet(300)
    await expect(call.replies.first()).toHaveAttribute('data-outcome', 'interrupted')
    expect(await call.phases()).toEqual(expect.arrayContaining(['idle', 'connecting', 'listening', 'hearing', 'speaking']))

    await page.getByRole('button', { name: 'End', exact: true }).click()
    await expect(page.getByRole('status')).toHaveText('Call ended')
    await expect(page.getByText(/1 answer, typically after/u)).toBeVisible()
    await call.screenshot('ended')
  })

  test('is not heard while the microphone is muted', async ({ call }) => {
    await call.open()
    await call.start()
    await call.page.keyboard.press('m')
    await expect(call.page.getByRole('status')).toHaveText('Muted')
    await call.expectQuiet(6000)
    expect(await call.phases()).not.toContain('hearing')
    await expect(call.log.locator('[data-role=user]')).toHaveCount(0)
  })

  test('can be asked by holding the space bar', async ({ call }) => {
    await call.open()
    await call.start()
    const { page } = call
    await page.getByRole('button', { name: 'Push to talk' }).click()
    await page.locator('main').focus()
    await page.keyboard.down(' ')
    await expect(page.getByRole('button', { name: /Hold to talk/u })).toHaveAttribute('aria-pressed', 'true')
    await call.expectPhase('hearing')
    await page.waitForTimeout(2000)
    await page.keyboard.up(' ')
    await call.expectSound()
    await expect(call.log.locator('[data-role=user]').first()).toHaveText(HEARD)
  })
})

test.describe('with the network that tells speech from noise', () => {
  test.use({ sound: ASKS_ONCE })

  test('a spoken question is heard and answered', async ({ call }) => {
    const { page } = call
    const fetched: string[] = []
    page.on('response', (response) => fetched.push(new URL(response.url()).pathname))
    await call.open()
    expect(fetched.filter((path) => path.endsWith('.f16')), 'it is fetched when it is wanted').toEqual([])
    await page.getByRole('button', { name: 'Sound' }).click()
    await page.getByRole('switch', { name: 'I am in a noisy place' }).click()
    await page.keyboard.press('Escape')
    await call.start()
    await call.expectPhase('hearing')
    await call.expectSound()
    await expect(call.log.locator('[data-role=user]').first()).toHaveText(HEARD)
    expect(fetched.filter((path) => path.endsWith('.f16'))).toHaveLength(1)
    await expect(page.getByRole('alert')).toHaveCount(0)
  })
})

test.describe('a user who speaks over the answer', () => {
  test.use({ sound: ASKS_ON })

  test('silences it, and gets the next answer', async ({ call }) => {
    await call.open()
    await call.start()
    await call.expectSound()
    await expect(call.log.locator('[data-role=assistant][data-outcome=interrupted]').first()).toBeVisible({ timeout: 40_000 })
    await call.screenshot('barged-in')
    await call.expectSound()
    expect(await call.replies.count()).toBeGreaterThan(1)
  })
})

test('a typed question is answered aloud in the same thread', async ({ call }) => {
  await call.open()
  await call.start()
  await call.type('What can you do?')
  await call.expectSound()
  await expect(call.log.locator('[data-role=user]')).toHaveCount(1)
  await expect(call.replies.first()).toContainText('answered in')
})

test('the language and voice of the call are those that were chosen', async ({ call }) => {
  await call.open()
  await call.page.getByRole('combobox', { name: 'Language' }).selectOption('en-GB')
  await expect(call.page.getByRole('combobox', { name: 'Voice' })).toHaveValue('tiffany')
  await call.page.getByRole('combobox', { name: 'Voice' }).selectOption('amy')
  await call.start()
  await call.page.reload()
  await expect(call.page.getByRole('combobox', { name: 'Voice' })).toHaveValue('amy')
})
