// What docs/client.md shows: `make pictures`.

import type { BrowserContextOptions } from '@playwright/test'

import { expect, test } from './call.ts'
import { MENUS, openStory, PHONE, photograph } from './story.ts'

const SMALL = { width: 1080, height: 680 }
const STILL = { reducedMotion: 'reduce' } as const
/** Fonts, and whatever fades in. */
const SETTLED_MS = 400

const PICTURES: readonly (readonly [string, string, BrowserContextOptions])[] = [
  ...[
    'idle', 'connecting', 'listening', 'hearing', 'thinking', 'speaking', 'interrupted', 'using a tool', 'push to talk', 'notice echo',
    'notice clockWrong', 'reconnecting', 'budget spent', 'ended', 'failed microphoneDenied', 'signed out', 'sign-in poolUnreachable', 'failed signInRequired',
  ].map((story) => [story, story.replaceAll(' ', '-'), { viewport: SMALL, colorScheme: 'light' }] as const),
  ['speaking', 'speaking-dark', { viewport: SMALL, colorScheme: 'dark' }],
  ['speaking', 'speaking-phone', { viewport: PHONE, colorScheme: 'light' }],
  ['failed microphoneDenied', 'failed-phone', { viewport: PHONE, colorScheme: 'light' }],
  ['push to talk', 'push-to-talk-sideways', { viewport: { width: PHONE.height, height: PHONE.width }, colorScheme: 'dark' }],
  ['idle', 'idle-german', { viewport: SMALL, colorScheme: 'light', locale: 'de' }],
  ['hearing', 'hearing-forced-colours', { viewport: SMALL, forcedColors: 'active' }],
]

for (const [story, file, look] of PICTURES) {
  test.describe(file, () => {
    test.use({ look: { ...look, ...STILL } })

    test('is photographed', async ({ call, line }) => {
      await openStory(call.page, line.url, story)
      await call.page.waitForTimeout(SETTLED_MS)
      await photograph(call.page, file)
    })
  })
}

for (const menu of MENUS) {
  test.describe(menu, () => {
    test.use({ look: { viewport: { width: 1080, height: 760 }, colorScheme: 'light', ...STILL } })

    test('is photographed', async ({ call, line }) => {
      await openStory(call.page, line.url, 'ended')
      await call.page.getByRole('button', { name: menu, exact: true }).click()
      await call.page.waitForTimeout(SETTLED_MS)
      await photograph(call.page, `menu-${menu.toLowerCase()}`)
    })
  })
}

test.describe('in another application', () => {
  test.use({ look: { viewport: { width: 1280, height: 800 }, ...STILL } })

  test('is photographed', async ({ call, line }) => {
    const { page } = call
    await page.goto(`${line.url}/stories.html`)
    await page.getByRole('button', { name: 'ended', exact: true }).click()
    await expect(page.locator('main [data-phase]')).toBeVisible()
    await page.waitForTimeout(SETTLED_MS)
    await photograph(page, 'embedded')
  })
})

test.describe('past conversations', () => {
  test.use({ look: { viewport: { width: 1080, height: 680 }, colorScheme: 'light', ...STILL } })

  test('are photographed', async ({ call, line }) => {
    const { page } = call
    await openStory(page, line.url, 'idle')
    await page.getByRole('button', { name: 'Past conversations' }).click()
    await page.getByRole('button', { name: /weather/u }).click()
    await expect(page.getByRole('log')).toBeVisible()
    await page.waitForTimeout(SETTLED_MS)
    await photograph(page, 'past-reading')
    await page.getByRole('button', { name: 'Forget me' }).click()
    await page.waitForTimeout(SETTLED_MS)
    await photograph(page, 'past-forgetting')
    await page.setViewportSize(PHONE)
    await openStory(page, line.url, 'idle')
    await page.getByRole('button', { name: 'Past conversations' }).click()
    await expect(page.getByRole('button', { name: /weather/u })).toBeVisible()
    await page.waitForTimeout(SETTLED_MS)
    await photograph(page, 'past-phone')
  })
})
