// Where the time of a spoken turn went: on the page, in the store, and in what one takes along.

import { readFileSync } from 'node:fs'

import { PARTS, type Waterfall } from '../src/voice/protocol.ts'
import { ASKS_ONCE, expect, test } from './call.ts'

type Exported = { readonly turns: readonly { readonly turn: number; readonly waterfall: Waterfall; readonly costUsd: number }[] }
type Stored = { readonly turns: readonly { readonly figures: { readonly waterfall: Readonly<Record<string, number>>; readonly cost_nano_usd: number } }[] }

test.use({ sound: ASKS_ONCE })

test('of a spoken turn is shown, kept with it and exported, and its parts are the whole', async ({ call, line }) => {
  const { page } = call
  let authorization = ''
  let conversationId = ''
  page.on('request', (request) => {
    if (request.url().endsWith('/api/tickets')) authorization = request.headers()['authorization'] ?? ''
  })
  page.on('websocket', (socket) => {
    socket.on('framereceived', ({ payload }) => {
      const known = /"conversationId":"(\w+)"/u.exec(payload.toString())
      if (known?.[1] !== undefined) conversationId = known[1]
    })
  })
  await call.open()
  await call.start()
  await call.expectSound()
  await expect(page.getByRole('status')).toHaveText('Listening', { timeout: 60_000 })

  await page.getByRole('button', { name: 'Details' }).click()
  const list = page.getByRole('region', { name: 'Where the last answer’s time went' })
  await expect(list.locator('[data-part]')).toHaveCount(PARTS.length)
  const shown = await list.locator('[data-part]').evaluateAll((parts) => parts.map((part) => Number(part.getAttribute('data-ms') || Number.NaN)))
  const totalMs = Number(await list.locator('[data-total-ms]').getAttribute('data-total-ms'))
  expect(totalMs).toBeGreaterThan(300)
  expect(shown.every((ms) => ms >= 0), `every part is known: ${shown.join(' ')}`).toBe(true)
  expect(Math.abs(shown.reduce((sum, ms) => sum + ms, 0) - totalMs)).toBeLessThanOrEqual(0.01 * totalMs)
  await call.screenshot('waterfall')
  await page.keyboard.press('Escape')

  await page.getByRole('button', { name: 'Save transcript' }).click()
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'JSON with every detail' }).click()])
  const exported = JSON.parse(readFileSync(await file.path(), 'utf8')) as Exported
  expect(exported.turns).toHaveLength(1)
  expect(PARTS.map((part) => exported.turns[0]?.waterfall[part])).toEqual(shown)
  expect(exported.turns[0]?.waterfall.totalMs).toBe(totalMs)
  expect(exported.turns[0]?.costUsd).toBeGreaterThan(0)

  expect(conversationId).not.toBe('')
  let kept: Readonly<Record<string, number>> = {}
  // A turn is stored when nothing can change it any more, a moment after it is over.
  await expect
    .poll(async () => {
      const answer = await fetch(`${line.url}/api/conversations/${conversationId}`, { headers: { authorization } })
      const stored = (await answer.json()) as Stored
      kept = stored.turns[0]?.figures.waterfall ?? {}
      return stored.turns.length
    }, { timeout: 20_000 })
    .toBe(1)
  const names = PARTS.map((part) => part.replaceAll(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`))
  expect(names.map((name) => kept[name])).toEqual(shown)
  expect(kept['total_ms']).toBe(totalMs)
})
