import { describe, expect, it } from 'vitest'

import { INITIAL } from './call-state.ts'
import { PageTimings } from './page-timings.ts'

const METERS = { underruns: 0, outputLatencyMs: 30 }

function synchronised(): PageTimings {
  const timings = new PageTimings()
  timings.clock.note(10, 5_105, 100)
  return timings
}

describe('what the page tells of a reply’s way', () => {
  it('is nothing to a service that has not shown its clock', () => {
    expect(new PageTimings().of(1, 1_000, INITIAL, null, METERS)).toBeNull()
  })

  it('is when it came, when it left the buffer and when it was heard', () => {
    const state = { ...INITIAL, arrivedAtMs: 940.4 }
    expect(synchronised().of(7, 1_000, state, 400, METERS)).toEqual({
      type: 'timings', responseId: 7, receivedAtMs: 940, bufferedAtMs: 1_000, playedAtMs: 1_030, clockOffsetMs: 5_010, roundTripMs: 10, askedAtMs: 400,
    })
  })

  it('never has it played before it came', () => {
    expect(synchronised().of(1, 1_000, { ...INITIAL, arrivedAtMs: 1_200 }, null, METERS)).toMatchObject({ receivedAtMs: 1_000, bufferedAtMs: 1_000 })
  })

  it('counts what ran dry since the reply before', () => {
    const timings = synchronised()
    expect(timings.of(1, 1_000, INITIAL, null, { ...METERS, underruns: 4 })).toMatchObject({ underruns: 4 })
    expect(timings.of(2, 2_000, INITIAL, null, { ...METERS, underruns: 6 })).toMatchObject({ underruns: 2 })
    expect(timings.of(3, 3_000, INITIAL, null, { ...METERS, underruns: 6 })).not.toHaveProperty('underruns')
  })
})
