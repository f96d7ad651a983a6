// PURE. Streaming polyphase resampler with a windowed-sinc low-pass, for any ratio of rates.
//
// The context runs at the device's own rate because Firefox refuses to connect a microphone to a context of another
// rate (bugzilla 1674892); so both directions are resampled here, at about 1 % of a core.

const HISTORY_SAMPLES = 8192

export class Resampler {
  readonly inputRateHz: number
  readonly outputRateHz: number
  readonly #taps: number
  readonly #phases: number
  readonly #table: Float32Array
  readonly #history = new Float32Array(HISTORY_SAMPLES)
  #filled: number
  #position = 0

  constructor(inputRateHz: number, outputRateHz: number, phases = 256) {
    // Going down, the low-pass is that much lower, so it takes that many more taps to be as steep.
    const taps = 2 * Math.ceil(24 * Math.max(1, inputRateHz / outputRateHz))
    this.inputRateHz = inputRateHz
    this.outputRateHz = outputRateHz
    this.#taps = taps
    this.#phases = phases
    this.#table = windowedSinc(taps, phases, Math.min(1, outputRateHz / inputRateHz) * 0.92)
    this.#filled = taps - 1
  }

  /** Forget the past, as between two replies. */
  reset(): void {
    this.#history.fill(0)
    this.#filled = this.#taps - 1
    this.#position = 0
  }

  /** Everything of `input` resampled, with the tail of what came before. */
  process(input: Float32Array): Float32Array {
    const output = new Float32Array(Math.ceil(((input.length + 1) * this.outputRateHz) / this.inputRateHz) + 1)
    let written = 0
    const block = HISTORY_SAMPLES - this.#taps
    for (let start = 0; start < input.length; start += block) {
      written += this.#processBlock(input.subarray(start, start + block), output, written)
    }
    return output.subarray(0, written)
  }

  #processBlock(input: Float32Array, output: Float32Array, offset: number): number {
    const history = this.#history
    const table = this.#table
    const taps = this.#taps
    const step = this.inputRateHz / this.outputRateHz
    history.set(input, this.#filled)
    const available = this.#filled + input.length
    let position = this.#position
    let written = 0
    while (Math.floor(position) + taps <= available) {
      const start = Math.floor(position)
      const row = Math.round((position - start) * this.#phases) * taps
      let sum = 0
      for (let tap = 0; tap < taps; tap++) sum += (history[start + tap] ?? 0) * (table[row + tap] ?? 0)
      output[offset + written] = sum
      written++
      position += step
    }
    const consumed = Math.min(Math.floor(position), available)
    history.copyWithin(0, consumed, available)
    this.#filled = available - consumed
    this.#position = position - consumed
    return written
  }
}

/** One row of Blackman-windowed sinc taps for each fractional phase; every row sums to one. */
function windowedSinc(taps: number, phases: number, cutoff: number): Float32Array {
  const table = new Float32Array((phases + 1) * taps)
  for (let phase = 0; phase <= phases; phase++) {
    const row = table.subarray(phase * taps, (phase + 1) * taps)
    let sum = 0
    for (let tap = 0; tap < taps; tap++) {
      const x = tap - taps / 2 + 1 - phase / phases
      const sinc = x === 0 ? cutoff : Math.sin(Math.PI * x * cutoff) / (Math.PI * x)
      const angle = (2 * Math.PI * x) / taps
      const window = Math.abs(x) <= taps / 2 ? 0.42 + 0.5 * Math.cos(angle) + 0.08 * Math.cos(2 * angle) : 0
      row[tap] = sinc * window
      sum += sinc * window
    }
    for (let tap = 0; tap < taps; tap++) row[tap] = (row[tap] ?? 0) / sum
  }
  return table
}
