import { describe, expect, it } from 'vitest'

import { type DetectorEvent, ECHO_GUARD, SilenceDetector } from './silence-detector.ts'

const RATE_HZ = 16000
const FRAME = 512

/** Reproducible noise in [-1, 1). */
function noise(seed = 1): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  }
}

/** Something like a voice: harmonics of 130 Hz whose loudness follows syllables. */
function voice(seconds: number, amplitude = 0.2): Float32Array {
  return Float32Array.from({ length: seconds * RATE_HZ }, (_, i) => {
    const t = i / RATE_HZ
    const syllable = 0.35 + 0.65 * Math.abs(Math.sin(2 * Math.PI * 2.2 * t))
    return amplitude * syllable * [1, 2, 3, 5, 8].reduce((sum, k) => sum + Math.sin(2 * Math.PI * 130 * k * t) / k, 0) / 2
  })
}

/** A room of `noiseAmplitude`, with sounds added at the given seconds. */
function room(seconds: number, noiseAmplitude: number, ...sounds: readonly (readonly [number, Float32Array])[]): Float32Array {
  const next = noise()
  const samples = Float32Array.from({ length: seconds * RATE_HZ }, () => noiseAmplitude * next())
  for (const [at, sound] of sounds) for (const [i, sample] of sound.entries()) samples[at * RATE_HZ + i] = (samples[at * RATE_HZ + i] ?? 0) + sample
  return samples
}

function listen(samples: Float32Array, detector = new SilenceDetector()): readonly (readonly [Exclude<DetectorEvent, null>, number])[] {
  const heard: (readonly [Exclude<DetectorEvent, null>, number])[] = []
  for (let i = 0; i + FRAME <= samples.length; i += FRAME) {
    const event = detector.process(samples.subarray(i, i + FRAME))
    if (event) heard.push([event, (i + FRAME) / RATE_HZ])
  }
  return heard
}

describe.each([['a silent room', 0], ['a quiet room', 0.001], ['a noisy room', 0.01]])('in %s', (_room, amplitude) => {
  it('an utterance ends one and a half seconds after its last speech', () => {
    const heard = listen(room(8, amplitude, [2, voice(2)]))
    expect(heard.map(([event]) => event)).toEqual(['speechStarted', 'speechEnded'])
    expect(heard[0]?.[1]).toBeGreaterThan(2)
    expect(heard[0]?.[1]).toBeLessThan(2.2)
    expect(heard[1]?.[1]).toBeGreaterThan(5.3)
    expect(heard[1]?.[1]).toBeLessThan(5.75)
  })

  it('a pause shorter than the threshold is part of the utterance', () => {
    const heard = listen(room(9, amplitude, [2, voice(1)], [4, voice(1)]))
    expect(heard.map(([event]) => event)).toEqual(['speechStarted', 'speechEnded'])
  })

  it('nothing said is nothing heard', () => {
    expect(listen(room(6, amplitude))).toEqual([])
  })
})

it('a click is not speech', () => {
  const click = Float32Array.from({ length: 200 }, (_, i) => 0.8 * Math.exp(-i / 30) * Math.sin(i))
  expect(listen(room(6, 0.001, [2, click], [3, click], [3.5, click]))).toEqual([])
})

it('a fan that is switched on is forgotten after a while', () => {
  const next = noise(7)
  const fan = Float32Array.from({ length: 8 * RATE_HZ }, () => 0.02 * next())
  const heard = listen(room(12, 0.0005, [2, fan]))
  expect(heard.at(-1)?.[0]).not.toBe('speechStarted')
  expect(heard.at(-1)?.[1]).toBeLessThan(9)
})

it('rumble below the voice is not speech', () => {
  const rumble = Float32Array.from({ length: 3 * RATE_HZ }, (_, i) => 0.006 * Math.sin((2 * Math.PI * 30 * i) / RATE_HZ))
  expect(listen(room(6, 0.0005, [2, rumble]))).toEqual([])
})

it('the service decides how long the silence must be', () => {
  const detector = new SilenceDetector()
  detector.silenceMs = 500
  const heard = listen(room(6, 0.001, [2, voice(1)]), detector)
  expect(heard[1]?.[1]).toBeGreaterThan(3.3)
  expect(heard[1]?.[1]).toBeLessThan(3.75)
})

it('says how long ago speech was heard, while it waits for the end', () => {
  const detector = new SilenceDetector()
  listen(room(4, 0.001, [2, voice(1)]), detector)
  expect(detector.framesSinceSpeech * 0.032).toBeGreaterThan(0.8)
  expect(detector.framesSinceSpeech * 0.032).toBeLessThan(1.1)
})

describe('while the assistant is audible', () => {
  const echo = voice(1.5, 0.007)

  it('an echo that would count as speech otherwise does not', () => {
    const guarded = new SilenceDetector()
    guarded.guard = ECHO_GUARD
    expect(listen(room(5, 0.0012, [2, echo]))[0]?.[0]).toBe('speechStarted')
    expect(listen(room(5, 0.0012, [2, echo]), guarded)).toEqual([])
  })

  it('a short leak of the reply, however loud, does not count', () => {
    const leak = voice(1).subarray(0, RATE_HZ * 0.13)
    const guarded = new SilenceDetector()
    guarded.guard = ECHO_GUARD
    expect(listen(room(5, 0.0012, [2, leak]))[0]?.[0]).toBe('speechStarted')
    expect(listen(room(5, 0.0012, [2, leak]), guarded)).toEqual([])
  })

  it('a user who speaks up is still heard, a little later', () => {
    const guarded = new SilenceDetector()
    guarded.guard = ECHO_GUARD
    const [first] = listen(room(5, 0.0012, [2, voice(2)]), guarded)
    expect(first?.[0]).toBe('speechStarted')
    expect(first?.[1]).toBeLessThan(2.4)
  })
})

it('an utterance that is reset is over without a word', () => {
  const detector = new SilenceDetector()
  listen(room(3, 0.001, [2, voice(1)]), detector)
  expect(detector.speaking).toBe(true)
  detector.reset()
  expect(listen(room(3, 0.001), detector)).toEqual([])
})
