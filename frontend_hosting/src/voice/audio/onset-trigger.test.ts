import { describe, expect, it } from 'vitest'

import { OnsetTrigger } from './onset-trigger.ts'

const RATE_HZ = 16_000
const samples = (ms: number, write: (at: number) => number): Float32Array =>
  Float32Array.from({ length: (RATE_HZ * ms) / 1000 }, (_, at) => write(at))
/** A vowel: harmonics of 140 Hz. */
const voice = (ms: number, level = 0.1): Float32Array =>
  samples(ms, (at) => level * [3, 5, 9].reduce((sum, harmonic) => sum + Math.sin((2 * Math.PI * 140 * harmonic * at) / RATE_HZ) / 3, 0))
const silence = (ms: number): Float32Array => samples(ms, () => 0)

/** A trigger to whom the assistant has been audible for a while. */
function settled(): OnsetTrigger {
  const trigger = new OnsetTrigger()
  expect(trigger.process(silence(800), true)).toBe(false)
  return trigger
}

/** After how many milliseconds of this sound it fires. */
function firesAfter(trigger: OnsetTrigger, sound: Float32Array, audible = true): number | null {
  for (let at = 0; at < sound.length; at += 16) if (trigger.process(sound.subarray(at, at + 16), audible)) return (at + 16) / 16
  return null
}

describe('the onset trigger', () => {
  it('fires within 32 ms of a voice, wherever in a block it begins', () => {
    for (let offsetMs = 0; offsetMs < 8; offsetMs++) {
      const trigger = settled()
      trigger.process(silence(offsetMs), true)
      expect(firesAfter(trigger, voice(100))).toBeLessThanOrEqual(32)
    }
  })

  it('does not fire for a click', () => {
    expect(firesAfter(settled(), Float32Array.from([...voice(12, 0.8), ...silence(100)]))).toBeNull()
  })

  it('does not fire for what is quieter than a voice at the desk', () => {
    expect(firesAfter(settled(), voice(200, 0.001))).toBeNull()
  })

  it('does not fire while nothing is played', () => {
    expect(firesAfter(settled(), voice(200), false)).toBeNull()
  })

  it('does not fire in the first moments of the first reply, while the echo canceller settles', () => {
    const trigger = new OnsetTrigger()
    expect(firesAfter(trigger, voice(500))).toBeNull()
  })

  it('is harder of hearing after each false alarm, and recovers with a true one', () => {
    const trigger = settled()
    expect(firesAfter(trigger, voice(40))).not.toBeNull()
    trigger.process(silence(400), true)
    expect(trigger.penaltyDb).toBe(3)
    for (let alarms = 0; alarms < 10; alarms++) {
      firesAfter(trigger, voice(40, 0.5))
      trigger.process(silence(400), true)
    }
    expect(trigger.penaltyDb).toBe(12)
    expect(firesAfter(trigger, voice(40, 0.5))).not.toBeNull()
    trigger.confirm()
    expect(trigger.penaltyDb).toBe(9)
  })
})
