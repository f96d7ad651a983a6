// PURE. Did the user just begin to speak over the assistant? Answers within some thirty milliseconds, and may be wrong.
//
// Being wrong costs a short hold of the reply, so it is wary in other ways: it wants more level than the detector, it
// waits until the browser's echo canceller has settled, and each false alarm makes it harder of hearing for a while.

export type OnsetConfig = {
  readonly sampleRateHz: number
  readonly blockMs: number
  /** Loud blocks in a row; a click is shorter. */
  readonly blocks: number
  /** Above the room's floor; the detector's onset and its echo guard together. */
  readonly onsetDb: number
  readonly minimumDbfs: number
  /** The canceller leaks in the first half second of the first reply. */
  readonly settleMs: number
  /** How long the detector may take to confirm before it was a false alarm. */
  readonly confirmMs: number
}

const DEFAULTS: OnsetConfig = {
  sampleRateHz: 16000,
  blockMs: 8,
  blocks: 3,
  onsetDb: 14,
  minimumDbfs: -52,
  settleMs: 800,
  confirmMs: 350,
}
const PENALTY_DB = 3
const WORST_PENALTY_DB = 12

export class OnsetTrigger {
  readonly config: OnsetConfig
  /** The room's level, as the detector knows it. */
  floorDb = -60
  readonly #highPass: number
  readonly #lowPass: number
  readonly #blockSamples: number
  #lastInput = 0
  #lastHigh = 0
  #lastLow = 0
  #energy = 0
  #filled = 0
  #run = 0
  #audibleMs = 0
  #penaltyDb = 0
  /** Since the alarm; null while there is none. */
  #alarmMs: number | null = null

  constructor(config: Partial<OnsetConfig> = {}) {
    this.config = { ...DEFAULTS, ...config }
    this.#blockSamples = Math.round((this.config.sampleRateHz * this.config.blockMs) / 1000)
    this.#highPass = Math.exp((-2 * Math.PI * 200) / this.config.sampleRateHz)
    this.#lowPass = 1 - Math.exp((-2 * Math.PI * 3500) / this.config.sampleRateHz)
  }

  get penaltyDb(): number {
    return this.#penaltyDb
  }

  /** True when these samples complete an onset. `audible`: whether the assistant can be heard now. */
  process(samples: Float32Array, audible: boolean): boolean {
    let fired = false
    for (let i = 0; i < samples.length; i++) {
      this.#measure(samples[i] ?? 0)
      if (this.#filled === this.#blockSamples && this.#block(audible)) fired = true
    }
    return fired
  }

  /** The detector agrees: it was the user. */
  confirm(): void {
    if (this.#alarmMs === null) return
    this.#alarmMs = null
    this.#penaltyDb = Math.max(0, this.#penaltyDb - PENALTY_DB)
  }

  #block(audible: boolean): boolean {
    const { config } = this
    const levelDb = 10 * Math.log10(this.#energy / this.#blockSamples + 1e-10)
    this.#energy = 0
    this.#filled = 0
    if (this.#alarmMs !== null) {
      this.#alarmMs += config.blockMs
      if (this.#alarmMs < config.confirmMs) return false
      this.#alarmMs = null
      this.#penaltyDb = Math.min(WORST_PENALTY_DB, this.#penaltyDb + PENALTY_DB)
    }
    if (audible) this.#audibleMs += config.blockMs
    const onset = Math.max(this.floorDb + config.onsetDb, config.minimumDbfs) + this.#penaltyDb
    this.#run = audible && levelDb > onset ? this.#run + 1 : 0
    if (this.#run < config.blocks || this.#audibleMs < config.settleMs) return false
    this.#run = 0
    this.#alarmMs = 0
    return true
  }

  #measure(input: number): void {
    this.#lastHigh = this.#highPass * (this.#lastHigh + input - this.#lastInput)
    this.#lastInput = input
    this.#lastLow += this.#lowPass * (this.#lastHigh - this.#lastLow)
    this.#energy += this.#lastLow * this.#lastLow
    this.#filled++
  }
}
