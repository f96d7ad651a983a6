import { expect, it } from 'vitest'

import { ClockSync } from './clock-sync.ts'

it('knows nothing before the first pong', () => {
  expect(new ClockSync().best).toBeNull()
})

it('takes the middle of the round trip for the moment of the service’s clock', () => {
  const clock = new ClockSync()
  clock.note(40, 5000, 1_000_040)
  expect(clock.best).toEqual({ roundTripMs: 40, offsetMs: 5000 - 1_000_020 })
})

it('believes the ping with the shortest way', () => {
  const clock = new ClockSync()
  clock.note(20, 5000, 1_000_020)
  clock.note(400, 6000, 1_001_400)
  expect(clock.best?.roundTripMs).toBe(20)
})

it('forgets what is minutes old, for clocks drift', () => {
  const clock = new ClockSync()
  clock.note(5, 0, 0)
  for (let n = 0; n < 12; n++) clock.note(30, 0, 0)
  expect(clock.best?.roundTripMs).toBe(30)
})
