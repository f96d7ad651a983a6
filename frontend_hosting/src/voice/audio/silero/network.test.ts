import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

import { describe, expect, it } from 'vitest'

import { type DetectorEvent, SilenceDetector } from '../silence-detector.ts'
import golden from './golden.json' with { type: 'json' }
import { FRAME_SAMPLES, SileroNetwork, WEIGHT_COUNT, widen } from './network.ts'

const RATE_HZ = 16_000

function weights(): Float32Array {
  const file = readFileSync(resolve(import.meta.dirname, 'weights.f16'))
  return widen(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength))
}

/** The same three seconds as in `local/silero_weights.py`: silence, a buzz with moving formants, a hiss, the buzz again. */
function signal(): Float32Array {
  const samples = new Float32Array(golden.probabilities.length * FRAME_SAMPLES)
  let noise = 1
  for (let at = 0; at < samples.length; at++) {
    const second = at / RATE_HZ
    noise = (noise * 16_807) % 2_147_483_647
    const hiss = noise / 2_147_483_647 - 0.5
    const voiced = (second > 0.6 && second < 1.4) || second > 2.2
    const pitch = 120 + 20 * Math.sin(2 * Math.PI * 1.5 * second)
    let buzz = 0
    for (let harmonic = 1; harmonic < 12; harmonic++) {
      const distance = (harmonic * pitch - (500 + 250 * Math.sin(2 * Math.PI * 3 * second))) / 220
      buzz += Math.exp(-(distance ** 2)) * Math.sin(2 * Math.PI * harmonic * 120 * second)
    }
    samples[at] = 0.2 * buzz * Number(voiced) + (second > 1.6 && second < 2 ? 0.2 : 0.001) * hiss
  }
  return samples
}

describe('the network', () => {
  it('says of every frame what the original says', () => {
    const samples = signal()
    samples.subarray(16_000, 16_016).forEach((sample, at) => expect(sample).toBeCloseTo(golden.samples[at] ?? 9, 5))
    const network = new SileroNetwork(weights())
    const beganMs = performance.now()
    const said = golden.probabilities.map((_, frame) => network.probability(samples.subarray(frame * FRAME_SAMPLES, (frame + 1) * FRAME_SAMPLES)))
    // Printed for whoever reads the report: these are the figures of docs/client.md.
    // oxlint-disable-next-line no-console
    console.log(`Silero: ${((performance.now() - beganMs) / said.length).toFixed(2)} ms a frame of 32 ms`)
    const worst = Math.max(...said.map((probability, frame) => Math.abs(probability - (golden.probabilities[frame] ?? 9))))
    // Half floats are what they are.
    expect(worst).toBeLessThan(0.01)
  })

  it('makes the detector deaf to a noise that is no speech, and leaves it an ear for speech', () => {
    const heard = (sound: Float32Array, network: SileroNetwork | null): readonly DetectorEvent[] => {
      const detector = new SilenceDetector()
      const events: DetectorEvent[] = []
      for (let at = 0; at + FRAME_SAMPLES <= sound.length; at += FRAME_SAMPLES) {
        const frame = sound.subarray(at, at + FRAME_SAMPLES)
        events.push(detector.process(frame))
        // As in the call: the verdict counts for the next frame.
        if (network) detector.probability = network.probability(frame)
      }
      return events.filter((event) => event !== null)
    }
    const samples = signal()
    const quiet = samples.subarray(0, RATE_HZ / 2)
    const hiss = samples.subarray(1.6 * RATE_HZ, 2 * RATE_HZ)
    const buzz = samples.subarray(2.2 * RATE_HZ)
    const after = (sound: Float32Array): Float32Array => Float32Array.from([...quiet, ...quiet, ...sound, ...quiet, ...quiet, ...quiet, ...quiet])
    expect(heard(after(hiss), null)).toEqual(['speechStarted', 'speechEnded'])
    expect(heard(after(hiss), new SileroNetwork(weights()))).toEqual([])
    expect(heard(after(buzz), new SileroNetwork(weights()))).toEqual(['speechStarted', 'speechEnded'])
  })

  it('refuses weights that are not its own', () => {
    expect(() => new SileroNetwork(new Float32Array(WEIGHT_COUNT - 1))).toThrow(RangeError)
  })
})

it.each([[0x0000, 0], [0x3c00, 1], [0xc000, -2], [0x3555, 0.333], [0x0001, 2 ** -24], [0x8000, -0], [0x7bff, 65_504]])('the half float %i is %f', (bits, value) => {
  const halves = new DataView(new ArrayBuffer(2))
  halves.setUint16(0, bits, true)
  expect(widen(halves.buffer)[0]).toBeCloseTo(value, 3)
})
