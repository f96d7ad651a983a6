import { describe, expect, it } from 'vitest'

import { Resampler } from './resampler.ts'

const RATES = [[44100, 16000], [48000, 16000], [96000, 16000], [16000, 16000], [24000, 48000], [24000, 44100]] as const

describe.each(RATES)('from %i Hz to %i Hz', (input, output) => {
  it.each([200, 1000, 3000])('a tone of %i Hz keeps 60 dB from noise', (hz) => {
    expect(signalToNoiseDb(resampled(input, output, hz, 128), hz, output)).toBeGreaterThan(60)
  })

  it('the length is right to a sample, whatever the blocks', () => {
    for (const block of [1, 128, 127, 9000]) {
      const count = resampled(input, output, 440, block).length
      expect(Math.abs(count - (1.5 * output))).toBeLessThanOrEqual(64)
    }
  })

  it('blocks do not change the result', () => {
    const whole = resampled(input, output, 700, 9000)
    const pieces = resampled(input, output, 700, 128)
    const differing = whole.findIndex((sample, i) => i < pieces.length && Math.abs(sample - (pieces[i] ?? 0)) > 1e-4)
    expect(differing).toBe(-1)
  })
})

it.each([9000, 12000, 20000])('%i Hz, which 16 kHz cannot hold, is gone rather than folded down', (hz) => {
  const samples = resampled(48000, 16000, hz, 128).subarray(400)
  expect(Math.max(...samples.map(Math.abs))).toBeLessThan(0.01)
})

it('forgets the past when told to', () => {
  const resampler = new Resampler(24000, 48000)
  const first = resampler.process(tone(24000, 500, 1000)).slice()
  resampler.reset()
  expect(resampler.process(tone(24000, 500, 1000))).toEqual(first)
})

function tone(rateHz: number, hz: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => 0.5 * Math.sin((2 * Math.PI * hz * i) / rateHz))
}

function resampled(input: number, output: number, hz: number, block: number): Float32Array {
  const resampler = new Resampler(input, output)
  const source = tone(input, hz, input * 1.5)
  const parts: number[] = []
  for (let i = 0; i < source.length; i += block) parts.push(...resampler.process(source.subarray(i, i + block)))
  return Float32Array.from(parts)
}

/** Fit a sine of the known frequency to the middle; what it does not explain is noise. */
function signalToNoiseDb(samples: Float32Array, hz: number, rateHz: number): number {
  const middle = samples.subarray(1000, 1000 + Math.round((Math.floor((0.8 * hz)) * rateHz) / hz))
  const omega = (2 * Math.PI * hz) / rateHz
  let [ss, cc, sc, ys, yc] = [0, 0, 0, 0, 0]
  for (const [i, y] of middle.entries()) {
    const [s, c] = [Math.sin(omega * i), Math.cos(omega * i)]
    ss += s * s
    cc += c * c
    sc += s * c
    ys += y * s
    yc += y * c
  }
  const det = ss * cc - sc * sc
  const a = (ys * cc - yc * sc) / det
  const b = (yc * ss - ys * sc) / det
  let [signal, noise] = [0, 0]
  for (const [i, y] of middle.entries()) {
    const fit = a * Math.sin(omega * i) + b * Math.cos(omega * i)
    signal += fit * fit
    noise += (y - fit) ** 2
  }
  return 10 * Math.log10(signal / noise)
}
