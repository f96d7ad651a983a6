import { expect, it } from 'vitest'

import { Heartbeat } from './heartbeat.ts'

it('asks at once and then every ten seconds', () => {
  const heartbeat = new Heartbeat(0)
  expect(heartbeat.tick(0)).toEqual({ type: 'ping', id: 1 })
  expect(heartbeat.pong(1, 12)).toBe(12)
  expect(heartbeat.tick(9999)).toEqual({ type: 'quiet' })
  expect(heartbeat.tick(10_000)).toEqual({ type: 'ping', id: 2 })
})

it('a ping that nobody answers for five seconds means nobody is there', () => {
  const heartbeat = new Heartbeat(0)
  heartbeat.tick(0)
  expect(heartbeat.tick(4999)).toEqual({ type: 'quiet' })
  expect(heartbeat.tick(5000)).toEqual({ type: 'dead' })
})

it('a pong of another ping proves nothing', () => {
  const heartbeat = new Heartbeat(0)
  heartbeat.tick(0)
  expect(heartbeat.pong(7, 10)).toBeNull()
  expect(heartbeat.tick(5000)).toEqual({ type: 'dead' })
})
