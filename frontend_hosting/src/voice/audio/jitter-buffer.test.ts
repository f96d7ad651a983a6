import { describe, expect, it } from 'vitest'

import { bufferConfig, type BufferEvent, JitterBuffer } from './jitter-buffer.ts'

const CONFIG = { capacity: 1000, prebuffer: 80, prebufferStep: 40, prebufferCap: 240, fade: 16, patience: 300 }
const BLOCK = 20

const ones = (length: number, value = 1): Float32Array => new Float32Array(length).fill(value)

function pull(buffer: JitterBuffer, blocks = 1): { events: BufferEvent[]; samples: number[] } {
  const events: BufferEvent[] = []
  const samples: number[] = []
  for (let i = 0; i < blocks; i++) {
    const output = ones(BLOCK, 9)
    events.push(...buffer.pull(output))
    samples.push(...output)
  }
  return { events, samples }
}

describe('the start of a reply', () => {
  it('waits for the prebuffer', () => {
    const buffer = new JitterBuffer(CONFIG)
    buffer.push(1, ones(79))
    expect(pull(buffer)).toEqual({ events: [], samples: Array(BLOCK).fill(0) })
    buffer.push(1, ones(1))
    expect(pull(buffer)).toEqual({ events: [{ type: 'started', responseId: 1 }], samples: Array(BLOCK).fill(1) })
  })

  it('does not wait for what will not come', () => {
    const buffer = new JitterBuffer(CONFIG)
    buffer.push(1, ones(30))
    buffer.end()
    const { events, samples } = pull(buffer, 2)
    expect(events).toEqual([
      { type: 'started', responseId: 1 },
      { type: 'stopped', responseId: 1, played: 30, flushed: false },
    ])
    expect(samples.filter((sample) => sample === 1)).toHaveLength(30)
  })

  it('does not wait for ever when nobody says that it has ended', () => {
    const buffer = new JitterBuffer(CONFIG)
    buffer.push(1, ones(30))
    expect(pull(buffer, 14).events).toEqual([])
    expect(pull(buffer, 2).events[0]).toEqual({ type: 'started', responseId: 1 })
  })
})

describe('an uneven network', () => {
  it('that is late makes the next start wait longer, up to a limit', () => {
    const buffer = new JitterBuffer(CONFIG)
    for (const expected of [80, 120, 160, 200, 240, 240]) {
      expect(buffer.prebuffer).toBe(expected)
      buffer.push(1, ones(expected))
      expect(pull(buffer, 20).events.at(-1)).toMatchObject({ type: 'dry' })
      buffer.push(1, ones(1))
    }
    expect(buffer.underruns).toBe(6)
  })

  it('is not to blame for the end of a reply', () => {
    const buffer = new JitterBuffer(CONFIG)
    buffer.push(1, ones(100))
    expect(pull(buffer, 10).events.at(-1)).toEqual({ type: 'dry', responseId: 1, played: 100 })
    buffer.end()
    expect(pull(buffer).events).toEqual([{ type: 'stopped', responseId: 1, played: 100, flushed: false }])
    expect(buffer.underruns).toBe(0)
  })

  it('loses no sample and invents none', () => {
    const buffer = new JitterBuffer(CONFIG)
    const heard: number[] = []
    let next = 1
    for (let i = 0; i < 200; i++) {
      // Bursts and gaps that repeat with no common period.
      const count = (i * 37) % 45
      buffer.push(1, Float32Array.from({ length: count }, () => next++))
      heard.push(...pull(buffer).samples)
    }
    buffer.end()
    heard.push(...pull(buffer, 60).samples)
    expect(heard.filter((sample) => sample !== 0)).toEqual(Array.from({ length: next - 1 }, (_, i) => i + 1))
  })
})

describe('an interruption', () => {
  it('fades what is heard within a few milliseconds and drops the rest', () => {
    const buffer = new JitterBuffer(CONFIG)
    buffer.push(1, ones(500))
    pull(buffer, 2)
    expect(buffer.flush(1)).toEqual([{ type: 'stopped', responseId: 1, played: 40, flushed: true }])
    const { samples } = pull(buffer, 2)
    expect(samples.slice(0, 16)).toEqual(samples.slice(0, 16).toSorted((a, b) => b - a))
    expect(samples[0]).toBe(1)
    expect(samples[15]).toBeLessThan(0.1)
    expect(samples.slice(16)).toEqual(Array(24).fill(0))
    expect(buffer.size).toBe(0)
  })

  it('leaves later replies alone', () => {
    const buffer = new JitterBuffer(CONFIG)
    buffer.push(1, ones(200))
    buffer.push(2, ones(200, 2))
    pull(buffer)
    buffer.flush(1)
    const { events, samples } = pull(buffer, 2)
    expect(events).toEqual([{ type: 'started', responseId: 2 }])
    expect(samples.at(-1)).toBe(2)
  })

  it('before anything was heard is silent, and says nothing stopped', () => {
    const buffer = new JitterBuffer(CONFIG)
    buffer.push(1, ones(50))
    expect(buffer.flush(1)).toEqual([])
    expect(pull(buffer, 30)).toEqual({ events: [], samples: Array(600).fill(0) })
  })
})

it('a reply follows another without a gap, and each is counted by itself', () => {
  const buffer = new JitterBuffer(CONFIG)
  buffer.push(1, ones(90))
  buffer.push(2, ones(90, 2))
  buffer.end()
  const { events, samples } = pull(buffer, 10)
  expect(events).toEqual([
    { type: 'started', responseId: 1 },
    { type: 'stopped', responseId: 1, played: 90, flushed: false },
    { type: 'started', responseId: 2 },
    { type: 'stopped', responseId: 2, played: 90, flushed: false },
  ])
  expect(samples.slice(0, 180)).toEqual([...Array(90).fill(1), ...Array(90).fill(2)])
})

it('what finds no room is dropped and counted', () => {
  const buffer = new JitterBuffer(CONFIG)
  buffer.push(1, ones(900))
  buffer.push(1, ones(200))
  expect([buffer.size, buffer.dropped]).toEqual([900, 200])
})

it('tells how far the current reply got', () => {
  const buffer = new JitterBuffer(CONFIG)
  expect(buffer.current).toBeNull()
  buffer.push(3, ones(100))
  expect(buffer.current).toBeNull()
  pull(buffer, 2)
  expect(buffer.current).toEqual({ responseId: 3, played: 40, queued: 60 })
})

it('is set up as measured: 80 ms, 40 more after an underrun, 240 at most', () => {
  expect(bufferConfig(48000)).toMatchObject({ prebuffer: 3840, prebufferStep: 1920, prebufferCap: 11520, fade: 128 })
})

describe('a reply that is held', () => {
  const ramp = (length: number): Float32Array => Float32Array.from({ length }, (_, at) => at + 1)

  function playing(): JitterBuffer {
    const buffer = new JitterBuffer(CONFIG)
    buffer.push(1, ramp(400))
    pull(buffer, 2)
    return buffer
  }

  it('fades to silence within a few milliseconds and stays at its sample', () => {
    const buffer = playing()
    buffer.hold()
    const { samples, events } = pull(buffer, 3)
    expect(samples.slice(0, CONFIG.fade)).toEqual(Array.from({ length: CONFIG.fade }, (_, at) => Math.fround((41 + at) * (1 - at / CONFIG.fade))))
    expect(samples.slice(CONFIG.fade).every((sample) => sample === 0)).toBe(true)
    expect(events).toEqual([])
    expect(buffer.current?.played).toBe(40)
  })

  it('goes on from the same sample, with a fade, and loses none', () => {
    const buffer = playing()
    buffer.hold()
    pull(buffer, 50)
    buffer.release()
    const { samples } = pull(buffer, 2)
    expect(samples[0]).toBe(0)
    expect(samples[8]).toBe(49 * 0.5)
    expect(samples.slice(CONFIG.fade, 40)).toEqual(Array.from({ length: 40 - CONFIG.fade }, (_, at) => 41 + CONFIG.fade + at))
    expect(pull(buffer, 20).events).toEqual([{ type: 'dry', responseId: 1, played: 400 }])
  })

  it('can be taken back while it is held, without a sound', () => {
    const buffer = playing()
    buffer.hold()
    pull(buffer, 2)
    expect(buffer.flush(1)).toEqual([{ type: 'stopped', responseId: 1, played: 40, flushed: true }])
    buffer.release()
    expect(pull(buffer, 2).samples.every((sample) => sample === 0)).toBe(true)
  })

  it('goes on receiving meanwhile', () => {
    const buffer = playing()
    buffer.hold()
    buffer.push(1, ones(100))
    buffer.release()
    expect(buffer.current).toEqual({ responseId: 1, played: 40, queued: 460 })
  })
})
