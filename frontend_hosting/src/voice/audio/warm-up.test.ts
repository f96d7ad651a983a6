import { expect, test } from 'vitest'

import { warmUp } from './warm-up.ts'

test.each([[48_000, 24_000], [44_100, 24_000], [24_000, 24_000], [48_000, 16_000]])('at %i Hz a made-up reply of %i Hz is played to its end', (outputRateHz, replyRateHz) => {
  const playedMs = (warmUp(outputRateHz, replyRateHz) * 1000) / outputRateHz
  expect(playedMs).toBeGreaterThan(500)
  expect(playedMs).toBeLessThan(520)
})
