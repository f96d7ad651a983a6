// The dashboard: whom it is shown to, what it says, and what can be taken away from it.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

import { AxeBuilder } from '@axe-core/playwright'
import type { Download, Page } from '@playwright/test'

import type { Analytics } from '../src/admin/analytics.ts'
import { type Call, expect, test } from './call.ts'
import { ADMINISTRATOR, type UserPool } from './user-pool.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const TITLE = 'How the assistant is used'
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const DOCS = process.env['DOCS'] === '1' ? resolve(ROOT, 'docs/screenshots') : null

async function openDashboard(call: Call): Promise<Page> {
  const { page } = call
  await call.open(ADMINISTRATOR)
  await page.getByRole('link', { name: TITLE }).click()
  await expect(page.getByRole('heading', { name: TITLE })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Last 7 days' })).toBeVisible()
  return page
}

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze()
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])
}

async function saved(page: Page, save: () => Promise<void>): Promise<{ readonly file: Download; readonly path: string; readonly text: string }> {
  const [file] = await Promise.all([page.waitForEvent('download'), save()])
  const path = await file.path()
  return { file, path, text: readFileSync(path, 'utf8') }
}

test.describe('the dashboard', () => {
  test.skip(DOCS !== null, 'only pictures are taken')

  test('whoever is no administrator sees no way there, and at the address a sentence', async ({ call, pool }) => {
    call.tolerate(/^Failed to load resource.* 403/u)
    const { page } = call
    await call.open()
    await expect(page.getByRole('link', { name: TITLE })).toHaveCount(0)
    await page.goto(new URL('/admin', page.url()).href)
    await expect(page.getByRole('alert')).toHaveText('Only administrators may see this.')
    await expect(page.getByRole('button', { name: 'Download as CSV' })).toHaveCount(0)
    await expectAccessible(page)
    await page.getByRole('link', { name: 'To the assistant' }).click()
    await call.expectSignedIn()
    expect(pool.origin).not.toBe(new URL(page.url()).origin)
  })

  test('an administrator finds it by keyboard, reads a chart as a table, and takes the figures along', async ({ call }) => {
    const { page } = call
    await call.open(ADMINISTRATOR)
    await call.start()
    await call.type('What can you do?')
    await call.expectSound()
    await page.getByRole('button', { name: 'End', exact: true }).click()
    const link = page.getByRole('link', { name: TITLE })
    await link.focus()
    await expect(link).toBeFocused()
    const answered = page.waitForResponse((response) => response.url().includes('/api/analytics?'))
    await page.keyboard.press('Enter')
    const analytics = (await (await answered).json()) as Analytics
    await expect(page.getByRole('heading', { name: TITLE })).toBeVisible()

    const charts = page.getByRole('img')
    await expect(charts).toHaveCount(6)
    for (const chart of await charts.all()) await expect(chart).toHaveAccessibleName(/\S/u)
    const summary = page.locator('summary').first()
    await summary.focus()
    await page.keyboard.press('Enter')
    await expect(page.getByRole('table', { name: 'Turns', exact: true }).getByRole('row')).toHaveCount(8)

    const button = page.getByRole('button', { name: 'Download as CSV' })
    await button.focus()
    const { file, text } = await saved(page, () => page.keyboard.press('Enter'))
    expect(file.suggestedFilename()).toBe('analytics.csv')
    const [names = '', ...lines] = text.trim().split(/\r?\n/u)
    expect(names.split(',').slice(0, 4)).toEqual(['day', 'sessions', 'minutes', 'turns'])
    expect(lines.map((line) => line.split(',')[0])).toEqual(analytics.days.map(({ period }) => period))
    expect(lines.every((line) => line.split(',').length === names.split(',').length)).toBe(true)
    const turns = lines.map((line) => Number(line.split(',')[3]))
    // The call just ended may be written meanwhile.
    expect(turns.every((count, day) => count >= (analytics.days[day]?.turns ?? 0))).toBe(true)
  })

  for (const [name, look] of [
    ['light', { colorScheme: 'light' }], ['dark', { colorScheme: 'dark' }], ['phone', { colorScheme: 'light', viewport: { width: 390, height: 844 } }],
  ] as const) {
    test.describe(name, () => {
      test.use({ look })

      test('axe finds nothing, and nothing lies outside the window', async ({ call }) => {
        const page = await openDashboard(call)
        await page.locator('summary').first().click()
        await expectAccessible(page)
        expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0)
      })
    })
  }

  test('a recording of a call is downloaded, replayed offline to the same states, and looked at', async ({ call, pool }) => {
    const { page } = call
    await recordedCall(call, pool)
    const list = page.getByRole('region', { name: 'Recorded sessions' })
    const { file, path } = await saved(page, () => list.getByRole('button').first().click())
    expect(file.suggestedFilename()).toMatch(/^\w+\.jsonl$/u)
    const said = execFileSync(process.env['PYTHON'] ?? '.venv/bin/python', ['-m', 'service.replay', path], { cwd: ROOT, encoding: 'utf8' })
    expect(said).toContain('the same states as recorded')
    expect(said).toMatch(/turn 1 completed, US\$ 0\.0\d+/u)
    expect(said).toMatch(/model +\d+\.\d ms/u)

    await page.getByLabel('Look at a recording from a file').setInputFiles({ name: 'call.jsonl', mimeType: 'application/x-ndjson', buffer: readFileSync(path) })
    await expect(page.getByRole('img', { name: /Loudness/u })).toBeVisible()
    const figures = page.getByRole('region', { name: 'Time and cost of turn 1' })
    await expect(figures.locator('[data-part]')).toHaveCount(8)
    expect(Number(await figures.locator('[data-cost-usd]').getAttribute('data-cost-usd'))).toBeGreaterThan(0)
    await expect(page.locator('li:has([data-at-s])').filter({ hasText: 'ASSISTANT:' }).first()).toBeVisible()
    await expectAccessible(page)
  })
})

/** A typed question and its answer, and then the dashboard. */
async function recordedCall(call: Call, pool: UserPool): Promise<void> {
  const { page } = call
  await call.open(ADMINISTRATOR)
  await call.start()
  await call.type('What can you do?')
  await call.expectSound()
  await expect(call.replies.first()).toContainText('answered in')
  await expect.poll(() => call.phases(), { timeout: 60_000 }).toEqual(expect.arrayContaining(['speaking']))
  await expect(page.getByRole('status')).toHaveText('Listening', { timeout: 60_000 })
  await page.getByRole('button', { name: 'End', exact: true }).click()
  await expect(page.getByRole('status')).toHaveText('Call ended')
  await page.getByRole('link', { name: TITLE }).click()
  await expect(page.getByRole('heading', { name: TITLE })).toBeVisible()
  expect(pool.origin).not.toBe(new URL(page.url()).origin)
}

test.describe('documents', () => {
  test.skip(DOCS === null, 'pictures are taken with DOCS=1, over a made-up week')

  for (const [name, look] of [
    ['dashboard', { colorScheme: 'light' }], ['dashboard-dark', { colorScheme: 'dark' }],
    ['dashboard-phone', { colorScheme: 'light', viewport: { width: 390, height: 844 } }],
  ] as const) {
    test.describe(name, () => {
      test.use({ look })

      test('documents: the dashboard over a week', async ({ call }) => {
        await photograph(await openDashboard(call), name)
      })
    })
  }

  test('documents: a recording', async ({ call, pool }) => {
    const { page } = call
    await recordedCall(call, pool)
    const { path } = await saved(page, () => page.getByRole('region', { name: 'Recorded sessions' }).getByRole('button').first().click())
    await page.getByLabel('Look at a recording from a file').setInputFiles({ name: 'call.jsonl', mimeType: 'application/x-ndjson', buffer: readFileSync(path) })
    await page.getByRole('img', { name: /Loudness/u }).scrollIntoViewIfNeeded()
    await photograph(page, 'recording')
  })
})

/** 256 colours are enough for a picture of an interface, and a third of its bytes. */
async function photograph(page: Page, name: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready)
  const picture = await page.screenshot({ fullPage: name !== 'dashboard-phone' })
  const filter = 'split[a][b];[a]palettegen=max_colors=256:stats_mode=single[p];[b][p]paletteuse=dither=sierra2_4a'
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-f', 'png_pipe', '-i', '-', '-vf', filter, '-pix_fmt', 'pal8', `${DOCS}/${name}.png`], { input: picture })
}
