import { AxeBuilder } from '@axe-core/playwright'

import { type Call, expect, test } from './call.ts'

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

async function expectAccessible(call: Call, name: string): Promise<void> {
  await call.screenshot(name)
  const { violations } = await new AxeBuilder({ page: call.page }).withTags(RULES).analyze()
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])
}

const LOOKS = [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['phone', { colorScheme: 'light', viewport: { width: 390, height: 844 } }],
  ['phone-dark', { colorScheme: 'dark', viewport: { width: 390, height: 844 } }],
] as const

for (const [name, look] of LOOKS) {
  test.describe(name, () => {
    test.use({ look })

    test('axe finds nothing in any state of signing in', async ({ call, line, pool }) => {
      const { page } = call
      call.tolerate(/^Failed to load resource/u)
      await page.route('**/config.json', (route) => route.fulfill({ status: 404 }))
      await page.goto(line.url)
      await expect(page.getByRole('alert')).toBeVisible()
      await expectAccessible(call, `${name}-0-not-set-up`)
      await page.unroute('**/config.json')
      await page.getByRole('button', { name: 'Try again' }).click()
      await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible()
      await expectAccessible(call, `${name}-0-sign-in`)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await pool.expectPage(page)
      await expectAccessible(call, `${name}-0-user-pool`)
      await pool.fillIn(page, 'wrong')
      await expect(page.getByRole('alert')).toBeVisible()
      await expectAccessible(call, `${name}-0-wrong-password`)
    })

    test('axe finds nothing in any state', async ({ call, line }) => {
      const { page } = call
      await call.open()
      await expectAccessible(call, `${name}-1-idle`)

      line.hold()
      await page.getByRole('button', { name: 'Start talking' }).click()
      await expect(page.getByRole('status')).toHaveText('Connecting')
      await expectAccessible(call, `${name}-2-connecting`)
      line.mend()
      await call.expectPhase('listening')
      await expectAccessible(call, `${name}-3-listening`)

      await call.type('What can you do?')
      await call.expectSound()
      await expectAccessible(call, `${name}-4-speaking`)

      await page.getByRole('button', { name: 'Push to talk' }).click()
      await page.getByRole('button', { name: 'Settings' }).click()
      await expect(page.getByRole('dialog', { name: 'Settings' })).toBeVisible()
      await expectAccessible(call, `${name}-5-settings`)
      await page.keyboard.press('Escape')

      line.cut()
      await call.expectPhase('reconnecting')
      await expectAccessible(call, `${name}-6-reconnecting`)
      await page.getByRole('button', { name: 'Cancel' }).click()
      await expect(page.getByRole('status')).toHaveText('Call ended')
      await expectAccessible(call, `${name}-7-ended`)

      await page.getByRole('button', { name: 'Start again' }).click()
      await expect(page.getByRole('alert')).toBeVisible()
      await expectAccessible(call, `${name}-8-failed`)
    })

    test('nothing lies outside the window, and every target is as large as a fingertip', async ({ call }) => {
      await call.open()
      await call.start()
      const { page } = call
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
      expect(overflow).toBe(0)
      for (const target of await page.locator('button:visible, select:visible, input:visible').all()) {
        const box = await target.boundingBox()
        expect(Math.min(box?.width ?? 0, box?.height ?? 0), await target.innerHTML()).toBeGreaterThanOrEqual(44)
      }
    })
  })
}

test('a whole call needs no mouse', async ({ call }) => {
  await call.open()
  const { page } = call
  const tabTo = async (name: RegExp): Promise<void> => {
    for (let i = 0; i < 20; i++) {
      await page.keyboard.press('Tab')
      const focused = page.locator(':focus')
      const label = `${(await focused.getAttribute('aria-label')) ?? ''} ${(await focused.textContent()) ?? ''}`
      if (name.test(label)) {
        expect(await focused.evaluate((element) => getComputedStyle(element).outlineStyle), 'the focus can be seen').not.toBe('none')
        return
      }
    }
    throw new Error(`Tab never came to ${String(name)}`)
  }
  await tabTo(/Start talking/u)
  await page.keyboard.press('Enter')
  await call.expectPhase('listening')
  await expect(page.locator('main')).toBeFocused()

  await page.keyboard.press('m')
  await expect(page.getByRole('status')).toHaveText('Muted')
  await page.keyboard.press('m')

  await tabTo(/Message/u)
  await page.keyboard.type('What can you do?')
  await page.keyboard.press('Enter')
  await call.expectSound()
  await page.keyboard.press('Escape')
  await call.expectQuiet(300)
  await expect(call.replies.first()).toHaveAttribute('data-outcome', 'interrupted')

  await page.keyboard.press('Shift+Tab')
  await page.locator('main').focus()
  await tabTo(/^ ?End/u)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('status')).toHaveText('Call ended')
  await tabTo(/Start again/u)
})

test.describe('with reduced motion', () => {
  test.use({ look: { reducedMotion: 'reduce' } })

  test('nothing moves', async ({ call }) => {
    await call.open()
    await call.start()
    await call.type('What can you do?')
    await call.expectSound()
    const canvas = call.page.locator('canvas')
    const first = await canvas.screenshot()
    await call.page.waitForTimeout(500)
    expect((await canvas.screenshot()).equals(first)).toBe(true)
    await call.screenshot('reduced-motion')
  })
})

test.describe('in forced colours', () => {
  test.use({ look: { forcedColors: 'active' } })

  test('the call can be seen and used', async ({ call }) => {
    await call.open()
    await call.screenshot('forced-1-idle')
    await call.start()
    await call.screenshot('forced-2-listening')
    await expect(call.page.getByRole('toolbar')).toBeVisible()
  })
})
