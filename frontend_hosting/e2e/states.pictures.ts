// Every state of the page on a few sheets: `make pictures`.

import { resolve } from 'node:path'

import { SIGN_IN_STORIES } from '../src/stories/sign-in-stories.ts'
import { STORIES } from '../src/stories/stories.ts'
import { expect, test } from './call.ts'
import { openStory } from './story.ts'

const NAMES = [...STORIES, ...SIGN_IN_STORIES].map(({ name }) => name)
const PROBLEM = /^(failed|sign-in)/u
const REFUSED = /^refused/u
const NOTICE = /^(notice|past)/u

const SHEETS: readonly (readonly [string, readonly string[]])[] = [
  ['calls', NAMES.filter((name) => ![PROBLEM, REFUSED, NOTICE].some((kind) => kind.test(name)))],
  ['notices', NAMES.filter((name) => NOTICE.test(name))],
  ['problems', NAMES.filter((name) => PROBLEM.test(name))],
  ['refusals', NAMES.filter((name) => REFUSED.test(name))],
]
const THUMBNAIL = { width: 1080, height: 680, shownPx: 432, columns: 4 }

test.use({ look: { viewport: { width: THUMBNAIL.width, height: THUMBNAIL.height }, colorScheme: 'light', reducedMotion: 'reduce' } })

for (const [sheet, names] of SHEETS) {
  test(`every state: ${sheet}`, async ({ call, line }) => {
    test.setTimeout(240_000)
    const { page } = call
    const pictures: string[] = []
    for (const name of names) {
      await openStory(page, line.url, name)
      if (name.startsWith('past')) {
        await page.getByRole('button', { name: 'Past conversations' }).click()
        await expect(page.locator('[data-past=list]')).toBeVisible()
      }
      const picture = (await page.screenshot({ type: 'jpeg', quality: 85 })).toString('base64')
      pictures.push(`<figure><img src="data:image/jpeg;base64,${picture}"><figcaption>${name}</figcaption></figure>`)
    }
    const table = await page.context().newPage()
    await table.setViewportSize({ width: THUMBNAIL.columns * (THUMBNAIL.shownPx + 16) + 16, height: 600 })
    await table.setContent(`<style>
      body { margin: 16px; display: grid; grid-template-columns: repeat(${THUMBNAIL.columns}, 1fr); gap: 16px; font: 15px sans-serif; background: #ddd6c8 }
      figure { margin: 0 } img { width: 100%; display: block } figcaption { padding: 4px 0 }
    </style>${pictures.join('')}`)
    await table.screenshot({ path: resolve(import.meta.dirname, `../../docs/screenshots/states-${sheet}.jpg`), type: 'jpeg', quality: 72, fullPage: true })
  })
}
