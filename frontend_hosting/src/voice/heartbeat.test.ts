import { expect, it } from 'vitest'

import { Heartbeat } from './heartbeat.ts'

const EVERY_MS = 5_000

it('asks at once and then as often as the service wants', () => {
  const heartbeat = new Heartbeat(0, 10_000)
  expect(heartbeat.tick(0)).toEqual({ type: 'ping', id: 1 })
  expect(heartbeat.pong(1, 12)).toBe(12)
  heartbeat.heard(9_000)
  expect(heartbeat.tick(9999)).toEqual({ type: 'quiet' })
  expect(heartbeat.tick(10_000)).toEqual({ type: 'ping', id: 2 })
})

it('a first ping that nobody answers for five seconds means nobody is there', () => {
  const heartbeat = new Heartbeat(0, EVERY_MS)
  heartbeat.tick(0)
  expect(heartbeat.tick(4999)).toEqual({ type: 'quiet' })
  expect(heartbeat.tick(5000)).toEqual({ type: 'dead' })
})

it('a pong of another ping proves nothing', () => {
  const heartbeat = new Heartbeat(0, EVERY_MS)
  heartbeat.tick(0)
  expect(heartbeat.pong(7, 10)).toBeNull()
  expect(heartbeat.tick(5000)).toEqual({ type: 'dead' })
})

it('a service that falls silent is missed within six seconds', () => {
  const heartbeat = new Heartbeat(0, EVERY_MS)
  heartbeat.tick(0)
  heartbeat.pong(1, 1)
  // It is gone right after its answer: the next ping leaves 2.5 s later, and is given up 3 s after that.
  const beats = Array.from({ length: 21 }, (_, half) => heartbeat.tick(half * 500).type)
  expect(beats.indexOf('dead') * 500).toBe(5_500)
})

it('an answer that stands in line behind a reply is waited for', () => {
  const heartbeat = new Heartbeat(0, EVERY_MS)
  heartbeat.tick(0)
  heartbeat.heard(4_000)
  expect(heartbeat.tick(8_000)).toEqual({ type: 'quiet' })
  expect(heartbeat.tick(9_000)).toEqual({ type: 'dead' })
})

it('where the way is long, so is the patience', () => {
  const heartbeat = new Heartbeat(0, EVERY_MS)
  heartbeat.tick(0)
  heartbeat.pong(1, 2_000)
  heartbeat.tick(5_000)
  expect(heartbeat.tick(12_999)).toEqual({ type: 'quiet' })
  expect(heartbeat.tick(13_000)).toEqual({ type: 'dead' })
})
