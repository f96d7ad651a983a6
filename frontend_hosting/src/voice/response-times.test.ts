import { expect, it } from 'vitest'

import { summaryOf } from './response-times.ts'

const time = (ms: number, responseId: number) => ({ session: 1, responseId, ms, stages: { waitingMs: ms, answeringMs: 0, playingMs: 0 } })

it('twenty answers have a last, a typical and a slow one, each of which really was', () => {
  const times = Array.from({ length: 20 }, (_, index) => time(1000 + index * 100, index + 1))
  expect(summaryOf(times)).toMatchObject({ lastMs: 2900, medianMs: 1900, p95Ms: 2800, stages: { waitingMs: 2900 } })
})

it('one answer is all three, and none is none', () => {
  expect(summaryOf([time(700, 1)])).toMatchObject({ lastMs: 700, medianMs: 700, p95Ms: 700 })
  expect(summaryOf([])).toBeNull()
})
