// What docs/operations.md shows of the dashboard, over a made-up week: `make pictures`.

import { readFileSync } from 'node:fs'

import { test } from './call.ts'
import { openDashboard, recordedCall, saved } from './dashboard.ts'
import { PHONE, photograph } from './story.ts'

for (const [name, look] of [
  ['dashboard', { colorScheme: 'light', viewport: { width: 1280, height: 1400 } }],
  ['dashboard-dark', { colorScheme: 'dark', viewport: { width: 1280, height: 1400 } }],
  ['dashboard-phone', { colorScheme: 'light', viewport: PHONE }],
] as const) {
  test.describe(name, () => {
    test.use({ look })

    test('is photographed', async ({ call }) => {
      await photograph(await openDashboard(call), name)
    })
  })
}

test('a recording is photographed', async ({ call, pool }) => {
  const { page } = call
  await recordedCall(call, pool)
  const { path } = await saved(page, () => page.getByRole('region', { name: 'Recorded sessions' }).getByRole('button').first().click())
  await page.getByLabel('Look at a recording from a file').setInputFiles({ name: 'call.jsonl', mimeType: 'application/x-ndjson', buffer: readFileSync(path) })
  await page.getByRole('img', { name: /Loudness/u }).evaluate((waveform) => waveform.scrollIntoView({ block: 'start' }))
  await photograph(page, 'recording')
})
