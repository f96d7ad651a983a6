import { describe, expect, it } from 'vitest'

import { DEFAULT_SOUND, parseSound, pauseBounds, pauseFor } from './sound.ts'

const SERVICE = { silenceThresholdMs: 1500, watchdogMs: 2000 }

describe('the pause that ends a turn', () => {
  it.each([[null, 1500], [900, 900], [1, 400], [5000, 1900]])('chosen as %s is %s ms', (chosen, held) => {
    expect(pauseFor(chosen, SERVICE)).toBe(held)
  })

  it('ends before the service would end the turn itself', () => {
    for (const watchdogMs of [500, 1234, 2000, 10_000]) expect(pauseBounds(watchdogMs).mostMs).toBeLessThan(watchdogMs)
  })
})

describe('what was stored', () => {
  it('comes back', () => {
    const sound = { microphoneId: 'a', speakerId: null, volume: 0.4, pauseMs: 700, detector: 'network' as const }
    expect(parseSound(JSON.stringify(sound))).toEqual(sound)
  })

  it.each(['', 'null', '[]', '{', '{"volume": 7, "microphoneId": 3, "pauseMs": "soon"}', '{"pauseMs": -1, "speakerId": ""}'])(
    'is left out where it makes no sense: %s',
    (text) => {
      expect(parseSound(text)).toEqual(DEFAULT_SOUND)
    },
  )
})
