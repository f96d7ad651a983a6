// One state of the page, opened by its name, and what can be asked of any of them.

import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'

import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'

export const PHONE = { width: 390, height: 844 }
export const MENUS = ['Sound', 'Settings', 'Details']

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const SCREENSHOTS = resolve(import.meta.dirname, '../../docs/screenshots')

export async function openStory(page: Page, url: string, story: string): Promise<void> {
  await page.goto(`${url}/stories.html?story=${encodeURIComponent(story)}`)
  await expect(page.getByRole('main')).toBeVisible()
}

export async function violations(page: Page): Promise<readonly string[]> {
  const found = await new AxeBuilder({ page }).withTags(RULES).analyze()
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

export async function beyondTheWindow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
}

/** For the documents; 256 colours are enough for a picture of an interface, and a third of its bytes. */
export async function photograph(page: Page, name: string): Promise<void> {
  const path = `${SCREENSHOTS}/${name}.png`
  const picture = await page.screenshot()
  const filter = 'split[a][b];[a]palettegen=max_colors=256:stats_mode=single[p];[b][p]paletteuse=dither=sierra2_4a'
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-f', 'png_pipe', '-i', '-', '-vf', filter, '-pix_fmt', 'pal8', path], { input: picture })
}
