// The dashboard: whom it is shown to, what it says, and what can be taken away from it.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'

import type { Analytics } from '../src/admin/analytics.ts'
import { expect, test } from './call.ts'
import { openDashboard, recordedCall, saved, TITLE } from './dashboard.ts'
import { ADMINISTRATOR } from './user-pool.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze()
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])
}

test.describe('the dashboard', () => {
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
