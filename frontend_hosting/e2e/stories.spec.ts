// Every state of the page, without a call: is it accessible, does it fit, does it look as it did?

import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'

import { AxeBuilder } from '@axe-core/playwright'
import type { BrowserContextOptions, Page } from '@playwright/test'

import { SIGN_IN_STORIES } from '../src/stories/sign-in-stories.ts'
import { STORIES } from '../src/stories/stories.ts'
import { LANGUAGES } from '../src/voice/words/catalogue.ts'
import { expect, test } from './call.ts'

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const PHONE = { width: 390, height: 844 }
/** With DOCS=1 the pictures of docs/client.md are made anew; they are committed, so not with every run. */
const DOCS = process.env['DOCS'] === '1' ? resolve(import.meta.dirname, '../../docs/screenshots') : null
const MENUS = ['Sound', 'Settings', 'Details']

async function open(page: Page, url: string, story: string): Promise<void> {
  await page.goto(`${url}/stories.html?story=${encodeURIComponent(story)}`)
  await expect(page.getByRole('main')).toBeVisible()
}

async function violations(page: Page): Promise<readonly string[]> {
  const found = await new AxeBuilder({ page }).withTags(RULES).analyze()
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

/** 256 colours are enough for a picture of an interface, and a third of its bytes. */
async function photograph(page: Page, name: string): Promise<void> {
  const path = `${DOCS}/${name}.png`
  const picture = await page.screenshot()
  const filter = 'split[a][b];[a]palettegen=max_colors=256:stats_mode=single[p];[b][p]paletteuse=dither=sierra2_4a'
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-f', 'png_pipe', '-i', '-', '-vf', filter, '-pix_fmt', 'pal8', path], { input: picture })
}

async function beyondTheWindow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
}

const ALL = [...STORIES, ...SIGN_IN_STORIES]
/** Problems differ in their words only; one look shows them all. */
const DIFFERENT = ALL.filter(({ name }) => !/^failed|^notice|^sign-in/u.test(name) || /microphoneDenied|signInRequired|notice echo|configWrong/u.test(name))

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
        await open(page, line.url, story.name)
        wrong.push(...(await violations(page)).map((violation) => `${story.name}: ${violation}`))
        if ((await beyondTheWindow(page)) > 0) wrong.push(`${story.name} is wider than the window`)
      }
      expect(wrong).toEqual([])
    })

    test('axe finds nothing in the menus, and they fit', async ({ call, line }) => {
      const { page } = call
      await open(page, line.url, 'ended')
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
        await open(call.page, line.url, story)
        expect(await call.page.locator('html').getAttribute('lang')).toMatch(new RegExp(`^${language}`, 'u'))
        expect(await beyondTheWindow(call.page), story).toBe(0)
        await call.screenshot(`language-${language}-${story.replaceAll(' ', '-')}`)
      }
    })
  })
}

test.describe('in forced colours', () => {
  test.use({ look: { forcedColors: 'active', reducedMotion: 'reduce' } })

  test('what is on, off and how loud can be told apart', async ({ call, line }) => {
    await open(call.page, line.url, 'muted')
    const mute = call.page.getByRole('button', { name: /^Mute/u })
    const off = call.page.getByRole('button', { name: 'Push to talk' })
    const border = (locator: typeof mute): Promise<string> => locator.locator('span').first().evaluate((element) => getComputedStyle(element).borderStyle)
    expect([await border(mute), await border(off)]).toEqual(['solid', 'solid'])
    await call.screenshot('forced-muted')
    await open(call.page, line.url, 'ended')
    await call.page.getByRole('button', { name: 'Details' }).click()
    await expect(call.page.getByRole('region', { name: 'Events' })).toBeVisible()
    await call.screenshot('forced-details')
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
    if (DOCS) await photograph(page, 'embedded')
  })
})

test.describe('for the documents', () => {
  test.skip(DOCS === null, 'the pictures of docs/client.md are made with DOCS=1')
  const SMALL = { width: 1080, height: 680 }
  const PICTURES: readonly (readonly [string, string, BrowserContextOptions])[] = [
    ...['idle', 'connecting', 'listening', 'hearing', 'thinking', 'speaking', 'interrupted', 'using a tool', 'push to talk', 'notice echo', 'notice clockWrong', 'reconnecting', 'ended', 'failed microphoneDenied', 'signed out', 'sign-in poolUnreachable', 'failed signInRequired']
      .map((story) => [story, story.replaceAll(' ', '-'), { viewport: SMALL, colorScheme: 'light' }] as const),
    ['speaking', 'speaking-dark', { viewport: SMALL, colorScheme: 'dark' }],
    ['speaking', 'speaking-phone', { viewport: PHONE, colorScheme: 'light' }],
    ['idle', 'idle-german', { viewport: SMALL, colorScheme: 'light', locale: 'de' }],
    ['hearing', 'hearing-forced-colours', { viewport: SMALL, forcedColors: 'active' }],
  ]
  for (const [story, file, look] of PICTURES) {
    test.describe(file, () => {
      test.use({ look: { ...look, reducedMotion: 'reduce' } })
      test('is photographed', async ({ call, line }) => {
        await open(call.page, line.url, story)
        await call.page.waitForTimeout(300)
        await photograph(call.page, file)
      })
    })
  }
  for (const menu of MENUS) {
    test.describe(menu, () => {
      test.use({ look: { viewport: { width: 1080, height: 760 }, colorScheme: 'light', reducedMotion: 'reduce' } })
      test('is photographed', async ({ call, line }) => {
        await open(call.page, line.url, 'ended')
        await call.page.getByRole('button', { name: menu, exact: true }).click()
        await call.page.waitForTimeout(400)
        await photograph(call.page, `menu-${menu.toLowerCase()}`)
      })
    })
  }
})
