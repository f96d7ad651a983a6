// Every state of the page, without a call: is it accessible, does it fit, does it look as it did?

import type { BrowserContextOptions } from '@playwright/test'

import { SIGN_IN_STORIES } from '../src/stories/sign-in-stories.ts'
import { STORIES } from '../src/stories/stories.ts'
import { LANGUAGES } from '../src/voice/words/catalogue.ts'
import { expect, test } from './call.ts'
import { beyondTheWindow, MENUS, openStory, PHONE, violations } from './story.ts'

/** Of what is told in the same way but in other words, some. */
const ALL = [...STORIES, ...SIGN_IN_STORIES].filter(({ name }) => !/^refused|^past/u.test(name) || /refused budget_spent/u.test(name))
const PASTS = [['idle', 'full'], ...STORIES.filter(({ archive }) => archive !== undefined).map(({ name, archive }) => [name, String(archive)])] as const
/** Problems differ in their words only; one look shows them all. */
const DIFFERENT = ALL.filter(({ name }) => !/^failed|^notice|^sign-in/u.test(name) || /microphoneDenied|signInRequired|notice echo|configWrong/u.test(name))

const PAST = 'Past conversations'

const LOOKS: readonly (readonly [string, BrowserContextOptions])[] = [
  ['light', { colorScheme: 'light', reducedMotion: 'reduce' }],
  ['dark', { colorScheme: 'dark', reducedMotion: 'reduce' }],
  ['phone', { colorScheme: 'light', viewport: PHONE, reducedMotion: 'reduce' }],
  ['phone-dark', { colorScheme: 'dark', viewport: PHONE, reducedMotion: 'reduce' }],
]

for (const [name, look] of LOOKS) {
  test.describe(name, () => {
    test.use({ look })

    test('axe finds nothing in any of the states', async ({ call, line }) => {
      test.setTimeout(240_000)
      const { page } = call
      const wrong: string[] = []
      for (const story of name === 'light' ? ALL : DIFFERENT) {
        await openStory(page, line.url, story.name)
        wrong.push(...(await violations(page)).map((violation) => `${story.name}: ${violation}`))
        if ((await beyondTheWindow(page)) > 0) wrong.push(`${story.name} is wider than the window`)
      }
      expect(wrong).toEqual([])
    })

    test('axe finds nothing among the past conversations, and they fit', async ({ call, line }) => {
      const { page } = call
      const wrong: string[] = []
      const check = async (what: string): Promise<void> => {
        wrong.push(...(await violations(page)).map((violation) => `${what}: ${violation}`))
        const sheet = await page.getByRole('dialog', { name: PAST }).boundingBox()
        const { width, height } = page.viewportSize() ?? { width: 0, height: 0 }
        if (!sheet || sheet.x < 0 || sheet.x + sheet.width > width || sheet.height !== height) wrong.push(`${what} does not fit`)
        for (const target of await page.getByRole('dialog', { name: PAST }).locator('button:visible, input:visible').all()) {
          const box = await target.boundingBox()
          if (Math.min(box?.width ?? 0, box?.height ?? 0) < 36) wrong.push(`${what}: too small: ${await target.innerHTML()}`)
        }
        await call.screenshot(`past-${name}-${what.replaceAll(' ', '-')}`)
      }
      for (const [story, archive] of PASTS) {
        await openStory(page, line.url, story)
        await page.getByRole('button', { name: PAST }).click()
        await expect(page.locator('[data-past=list]')).toBeVisible()
        if (archive !== 'loading') await expect(page.locator('[data-past=list]')).toHaveAttribute('aria-busy', 'false')
        await check(archive)
        if (archive !== 'full') continue
        await page.getByRole('button', { name: 'Forget me' }).click()
        await check('forgetting')
        await page.getByRole('button', { name: 'Keep everything' }).click()
        await page.getByRole('button', { name: /weather/u }).click()
        await expect(page.getByRole('log')).toBeVisible()
        await check('reading')
        await page.getByRole('button', { name: 'Rename' }).click()
        await check('renaming')
        await page.getByRole('button', { name: 'Cancel' }).click()
        await page.getByRole('button', { name: 'Delete', exact: true }).click()
        await check('deleting')
        await page.getByRole('button', { name: 'Keep it' }).click()
      }
      expect(wrong).toEqual([])
    })

    test('axe finds nothing in the menus, and they fit', async ({ call, line }) => {
      const { page } = call
      await openStory(page, line.url, 'ended')
      for (const menu of MENUS) {
        await page.getByRole('button', { name: menu, exact: true }).click()
        const dialog = page.getByRole('dialog', { name: menu })
        await expect(dialog).toBeVisible()
        if (menu === 'Details') await expect(dialog.getByRole('region', { name: 'Events' })).toBeVisible()
        expect(await violations(page)).toEqual([])
        const box = await dialog.boundingBox()
        const { width, height } = page.viewportSize() ?? { width: 0, height: 0 }
        expect(box && box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height).toBe(true)
        for (const target of await dialog.locator('button:visible, select:visible, input:visible:not(.sr-only):not([role=switch])').all()) {
          expect((await target.boundingBox())?.height, await target.innerHTML()).toBeGreaterThanOrEqual(36)
        }
        await page.keyboard.press('Escape')
        await expect(dialog).toBeHidden()
      }
    })
  })
}

for (const language of LANGUAGES) {
  test.describe(`in ${language}`, () => {
    test.use({ look: { locale: language, viewport: PHONE, reducedMotion: 'reduce' } })

    test('the page speaks it and its words fit a phone', async ({ call, line }) => {
      for (const story of ['idle', 'speaking', 'push to talk', 'reconnecting', 'ended', 'failed microphoneDenied', 'signed out', 'sign-in storageBlocked']) {
        await openStory(call.page, line.url, story)
        expect(await call.page.locator('html').getAttribute('lang')).toMatch(new RegExp(`^${language}`, 'u'))
        expect(await beyondTheWindow(call.page), story).toBe(0)
        await call.screenshot(`language-${language}-${story.replaceAll(' ', '-')}`)
      }
    })
  })
}

test.describe('the newest words', () => {
  test.use({ look: { viewport: { width: 1100, height: 660 }, reducedMotion: 'reduce' } })

  test('stay in view when a phone is turned or the letters are spread, unless one reads further up', async ({ call, line }) => {
    const { page } = call
    const spread = (letters: string): Promise<void> => call.log.evaluate((box, spacing) => void (box.style.letterSpacing = spacing), letters)
    const toEnd = (): Promise<number> => call.log.evaluate((box) => Math.round(box.scrollHeight - box.scrollTop - box.clientHeight))
    await openStory(page, line.url, 'speaking')
    await page.setViewportSize({ width: 320, height: 580 })
    await expect.poll(toEnd).toBeLessThan(2)
    await spread('0.3em')
    await expect.poll(() => call.log.evaluate((box) => box.scrollHeight - box.clientHeight), { message: 'more than fits' }).toBeGreaterThan(150)
    await expect.poll(toEnd).toBeLessThan(2)
    await call.log.hover()
    await page.mouse.wheel(0, -1000)
    await expect.poll(() => call.log.evaluate((box) => box.scrollTop)).toBe(0)
    await page.setViewportSize({ width: 360, height: 600 })
    await expect.poll(() => call.log.evaluate((box) => box.scrollTop)).toBe(0)
  })
})

test.describe('on a phone held sideways', () => {
  test.use({ look: { viewport: { width: 844, height: 390 }, reducedMotion: 'reduce' } })

  test('the orb, the conversation and every control are in view at once', async ({ call, line }) => {
    const { page } = call
    for (const story of ['speaking', 'muted', 'push to talk']) {
      await openStory(page, line.url, story)
      for (const button of await page.getByRole('toolbar').getByRole('button').all()) await expect(button).toBeInViewport({ ratio: 1 })
      await expect(page.getByRole('textbox', { name: 'Message' })).toBeInViewport({ ratio: 1 })
      await expect(page.getByRole('status')).toBeInViewport({ ratio: 1 })
      await expect(page.locator('canvas')).toBeInViewport({ ratio: 1 })
      expect(await beyondTheWindow(page)).toBe(0)
    }
    expect(await violations(page)).toEqual([])
    await call.screenshot('phone-sideways')
  })
})

test('the menu for saving opens at its button, wherever that is', async ({ call, line }) => {
  const { page } = call
  for (const [width, height, story] of [[1280, 800, 'speaking'], [390, 780, 'speaking'], [390, 780, 'ended']] as const) {
    await page.setViewportSize({ width, height })
    await openStory(page, line.url, story)
    const button = page.getByRole('button', { name: 'Save transcript' })
    await button.click()
    const [at, menu] = [await button.boundingBox(), await page.getByRole('dialog', { name: 'Save transcript' }).boundingBox()]
    if (!at || !menu) throw new Error('nothing is shown')
    const apart = Math.min(Math.abs(menu.y - (at.y + at.height)), Math.abs(at.y - (menu.y + menu.height)))
    expect(apart, `${story} at ${width} px`).toBeLessThan(8)
    expect(menu.x).toBeGreaterThanOrEqual(0)
    expect([menu.x + menu.width <= width, menu.y >= 0, menu.y + menu.height <= height]).toEqual([true, true, true])
    await call.screenshot(`save-${story}-${width}`)
  }
})

test.describe('after a call on a phone', () => {
  test.use({ look: { viewport: PHONE } })

  test('what is wrong and the way on are in view before anything is scrolled', async ({ call, line }) => {
    const { page } = call
    for (const story of ['ended', 'failed microphoneDenied', 'failed signInRequired', 'failed serviceUnreachable']) {
      await openStory(page, line.url, story)
      if (story !== 'ended') await expect(page.getByRole('alert')).toBeInViewport({ ratio: 1 })
      await expect(page.getByRole('button', { name: /^(Start again|Sign in again)$/u })).toBeInViewport({ ratio: 1 })
      await call.screenshot(`phone-${story.replaceAll(' ', '-')}`)
    }
  })

  test('no word of the header is cut off', async ({ call, line }) => {
    for (const story of ['ended', 'failed microphoneDenied', 'speaking']) {
      await openStory(call.page, line.url, story)
      const cut = await call.page.locator('header').first().locator('h1, p, span').evaluateAll((parts) => parts.filter((part) => part.clientWidth > 1 && part.scrollWidth > part.clientWidth).map((part) => part.textContent))
      expect(cut, story).toEqual([])
    }
  })
})

test.describe('in forced colours', () => {
  test.use({ look: { forcedColors: 'active', reducedMotion: 'reduce' } })

  test('what is on, off and how loud can be told apart', async ({ call, line }) => {
    await openStory(call.page, line.url, 'muted')
    const mute = call.page.getByRole('button', { name: /^Mute/u })
    const off = call.page.getByRole('button', { name: 'Push to talk' })
    const border = (locator: typeof mute): Promise<string> => locator.locator('span').first().evaluate((element) => getComputedStyle(element).borderStyle)
    expect([await border(mute), await border(off)]).toEqual(['solid', 'solid'])
    await call.screenshot('forced-muted')
    await openStory(call.page, line.url, 'ended')
    await call.page.getByRole('button', { name: 'Details' }).click()
    await expect(call.page.getByRole('region', { name: 'Events' })).toBeVisible()
    await call.screenshot('forced-details')
  })

  test('past conversations can be told apart, the one that has the focus too', async ({ call, line }) => {
    const { page } = call
    await openStory(page, line.url, 'idle')
    await page.getByRole('button', { name: 'Past conversations' }).click()
    const sheet = page.getByRole('dialog', { name: 'Past conversations' })
    const row = sheet.getByRole('button', { name: /weather/u })
    await expect(row).toBeVisible()
    const edge = await sheet.evaluate((element) => getComputedStyle(element).borderTopStyle)
    expect(edge, 'without shadows a sheet needs an edge').toBe('solid')
    await page.keyboard.press('Tab')
    await row.focus()
    expect(await row.evaluate((element) => getComputedStyle(element).outlineStyle)).toBe('solid')
    await call.screenshot('forced-past')
    await row.click()
    await expect(sheet.getByRole('log')).toBeVisible()
    await call.screenshot('forced-past-reading')
    await sheet.getByRole('button', { name: 'Forget me' }).click()
    await expect(sheet.getByRole('alertdialog')).toBeVisible()
    await call.screenshot('forced-past-forgetting')
    expect(await violations(page)).toEqual([])
  })
})

test.describe('in another application', () => {
  test.use({ look: { viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' } })

  test('the viewer fills its container and no more', async ({ call, line }) => {
    const { page } = call
    await page.goto(`${line.url}/stories.html`)
    for (const story of ['idle', 'speaking', 'ended']) {
      await page.getByRole('button', { name: story, exact: true }).click()
      await expect(page.locator('main [data-phase]')).toBeVisible()
      const host = await page.locator('main').boundingBox()
      const viewer = await page.locator('main > div').boundingBox()
      expect(Math.abs((viewer?.height ?? 0) - (host?.height ?? -9)), story).toBeLessThanOrEqual(2)
      expect(await beyondTheWindow(page)).toBe(0)
      expect(await page.locator('main').count()).toBe(1)
      expect(await violations(page)).toEqual([])
    }
  })
})
