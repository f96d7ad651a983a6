// PURE. Silero VAD (v6, 16 kHz): is there speech in these 32 ms? The original's network, in plain arithmetic.
//
//   64 samples of before + 512 -> magnitudes of 4 spectra -> four convolutions -> LSTM -> one number from 0 to 1
//
// 0.8 million multiplications a frame: about a millisecond, so it does not run on the audio thread.

export const FRAME_SAMPLES = 512
const CONTEXT = 64
const WINDOW = 256
const HOP = 128
const BINS = WINDOW / 2 + 1
const SPECTRA = 4
const HIDDEN = 128

type Layer = { readonly from: number; readonly to: number; readonly stride: number; readonly weight: Float32Array; readonly bias: Float32Array }

/** In the order of the weights' file. */
const LAYERS = [[BINS, 128, 1], [128, 64, 2], [64, 64, 2], [64, HIDDEN, 1]] as const
const KERNEL = 3

export const WEIGHT_COUNT =
  LAYERS.reduce((count, [from, to]) => count + to * from * KERNEL + to, 0) + 8 * HIDDEN * HIDDEN + 8 * HIDDEN + HIDDEN + 1

export class SileroNetwork {
  readonly #layers: readonly Layer[]
  readonly #input: Float32Array
  readonly #recurrent: Float32Array
  readonly #gateBias: Float32Array
  readonly #output: Float32Array
  readonly #outputBias: number
  readonly #cosines = new Float32Array(BINS * WINDOW)
  readonly #sines = new Float32Array(BINS * WINDOW)
  /** 64 samples of the frame before, the frame, and its last 64 mirrored. */
  readonly #heard = new Float32Array(CONTEXT + FRAME_SAMPLES + CONTEXT)
  #hidden = new Float32Array(HIDDEN)
  readonly #cell = new Float32Array(HIDDEN)

  /** `weights`: as the file holds them, widened. */
  constructor(weights: Float32Array) {
    if (weights.length !== WEIGHT_COUNT) throw new RangeError(`${weights.length} weights instead of ${WEIGHT_COUNT}`)
    let at = 0
    const take = (count: number): Float32Array => weights.subarray(at, (at += count))
    this.#layers = LAYERS.map(([from, to, stride]) => ({ from, to, stride, weight: take(to * from * KERNEL), bias: take(to) }))
    this.#input = take(4 * HIDDEN * HIDDEN)
    this.#recurrent = take(4 * HIDDEN * HIDDEN)
    const inputBias = take(4 * HIDDEN)
    this.#gateBias = take(4 * HIDDEN).map((bias, gate) => bias + (inputBias[gate] ?? 0))
    this.#output = take(HIDDEN)
    this.#outputBias = take(1)[0] ?? 0
    this.#fillBasis()
  }

  /** For each frame in turn; what went before matters. */
  probability(frame: Float32Array): number {
    const heard = this.#heard
    heard.copyWithin(0, FRAME_SAMPLES, FRAME_SAMPLES + CONTEXT)
    heard.set(frame, CONTEXT)
    const end = CONTEXT + FRAME_SAMPLES
    for (let i = 0; i < CONTEXT; i++) heard[end + i] = heard[end - 2 - i] ?? 0
    let features = this.#spectra()
    let steps = SPECTRA
    for (const layer of this.#layers) {
      features = convolve(layer, features, steps)
      steps = Math.ceil(steps / layer.stride)
    }
    this.#remember(features)
    let sum = this.#outputBias
    for (let i = 0; i < HIDDEN; i++) sum += Math.max(0, this.#hidden[i] ?? 0) * (this.#output[i] ?? 0)
    return sigmoid(sum)
  }

  #fillBasis(): void {
    for (let bin = 0; bin < BINS; bin++) {
      for (let i = 0; i < WINDOW; i++) {
        const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / WINDOW)
        const angle = (2 * Math.PI * bin * i) / WINDOW
        this.#cosines[bin * WINDOW + i] = hann * Math.cos(angle)
        this.#sines[bin * WINDOW + i] = hann * Math.sin(angle)
      }
    }
  }

  /** Magnitudes, bin by bin; each bin has its spectra side by side. */
  #spectra(): Float32Array {
    const magnitudes = new Float32Array(BINS * SPECTRA)
    for (let bin = 0; bin < BINS; bin++) {
      const basis = bin * WINDOW
      for (let step = 0; step < SPECTRA; step++) {
        let real = 0
        let imaginary = 0
        for (let i = 0; i < WINDOW; i++) {
          const sample = this.#heard[step * HOP + i] ?? 0
          real += sample * (this.#cosines[basis + i] ?? 0)
          imaginary += sample * (this.#sines[basis + i] ?? 0)
        }
        magnitudes[bin * SPECTRA + step] = Math.sqrt(real * real + imaginary * imaginary)
      }
    }
    return magnitudes
  }

  /** One step of the LSTM; gates in the order input, forget, new, output. */
  #remember(features: Float32Array): void {
    const next = new Float32Array(HIDDEN)
    for (let i = 0; i < HIDDEN; i++) {
      const input = sigmoid(this.#gate(i, features))
      const forget = sigmoid(this.#gate(HIDDEN + i, features))
      const fresh = Math.tanh(this.#gate(2 * HIDDEN + i, features))
      const output = sigmoid(this.#gate(3 * HIDDEN + i, features))
      const cell = forget * (this.#cell[i] ?? 0) + input * fresh
      this.#cell[i] = cell
      next[i] = output * Math.tanh(cell)
    }
    this.#hidden = next
  }

  #gate(row: number, features: Float32Array): number {
    let sum = this.#gateBias[row] ?? 0
    const begin = row * HIDDEN
    for (let i = 0; i < HIDDEN; i++) {
      sum += (this.#input[begin + i] ?? 0) * (features[i] ?? 0) + (this.#recurrent[begin + i] ?? 0) * (this.#hidden[i] ?? 0)
    }
    return sum
  }
}

/** Three wide, one beyond each end; what is negative becomes nothing. */
function convolve({ from, to, stride, weight, bias }: Layer, input: Float32Array, steps: number): Float32Array {
  const length = Math.ceil(steps / stride)
  const output = new Float32Array(to * length)
  for (let channel = 0; channel < to; channel++) {
    for (let step = 0; step < length; step++) {
      let sum = bias[channel] ?? 0
      for (let tap = 0; tap < KERNEL; tap++) {
        const at = step * stride + tap - 1
        if (at < 0 || at >= steps) continue
        for (let source = 0; source < from; source++) sum += (weight[(channel * from + source) * KERNEL + tap] ?? 0) * (input[source * steps + at] ?? 0)
      }
      output[channel * length + step] = Math.max(0, sum)
    }
  }
  return output
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x))
}

/** Little endian half floats, widened: no browser that this page is made for has them all as an array of its own. */
export function widen(halves: ArrayBuffer): Float32Array {
  const view = new DataView(halves)
  const wide = new Float32Array(halves.byteLength / 2)
  for (let i = 0; i < wide.length; i++) {
    const bits = view.getUint16(i * 2, true)
    const exponent = (bits >> 10) & 31
    const fraction = bits & 1023
    const size = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15)
    wide[i] = bits & 0x8000 ? -size : size
  }
  return wide
}
