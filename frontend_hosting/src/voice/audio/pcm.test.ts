import { expect, it } from 'vitest'

import { rms, toFloat, toPcm16 } from './pcm.ts'

it('full scale survives, and what is louder is clipped', () => {
  expect([...toPcm16(Float32Array.of(-2, -1, 0, 0.5, 1, 2))]).toEqual([-32768, -32768, 0, 16383, 32767, 32767])
})

it('sixteen bits come back within one step', () => {
  const pcm = Int16Array.of(-32768, -1, 0, 1, 12345, 32767)
  for (const [i, sample] of toPcm16(toFloat(pcm)).entries()) expect(Math.abs(sample - (pcm[i] ?? 0))).toBeLessThanOrEqual(1)
})

it('the level of a sine is its amplitude over root two, and nothing is silent', () => {
  const sine = Float32Array.from({ length: 1600 }, (_, i) => 0.5 * Math.sin((2 * Math.PI * i) / 16))
  expect(rms(sine)).toBeCloseTo(0.5 / Math.SQRT2, 5)
  expect(rms(new Float32Array(0))).toBe(0)
})
