// PURE. Is the user speaking, and when did they stop? Time is counted in frames of audio, so there is no clock.
//
// Band-limited energy (200-3500 Hz) against the 20th percentile of the last four seconds, with hysteresis, and runs of
// frames so that a click is not speech. Found 56 of 60 utterance ends in twelve kinds of noise; see docs.

export type DetectorConfig = {
  readonly frameMs: number
  readonly sampleRateHz: number
  /** How long it must be loud before it counts as speech. */
  readonly startMs: number
  /** How long it must be quiet before the utterance has ended. */
  readonly silenceMs: number
  /** How far above the noise floor speech begins, and how far it may fall before it is silence. */
  readonly onsetDb: number
  readonly offsetDb: number
  /** Nothing quieter than this is speech, however quiet the room. */
  readonly minimumDbfs: number
  /** What is shorter was no utterance: a cough, a door. */
  readonly minimumSpeechMs: number
  readonly historyMs: number
}

export type DetectorEvent = 'speechStarted' | 'speechEnded' | 'speechAbandoned' | null

/** Extra caution while the assistant is audible, so that its echo does not count as the user. */
export type Guard = { readonly onsetDb: number; readonly startMs: number; readonly probability: number }

export const NO_GUARD: Guard = { onsetDb: 0, startMs: 0, probability: 0.5 }
export const ECHO_GUARD: Guard = { onsetDb: 6, startMs: 120, probability: 0.8 }

const DEFAULTS: DetectorConfig = {
  frameMs: 32,
  sampleRateHz: 16000,
  startMs: 64,
  silenceMs: 1500,
  onsetDb: 8,
  offsetDb: 5,
  minimumDbfs: -58,
  minimumSpeechMs: 120,
  historyMs: 4000,
}
const FLOOR_PERCENTILE = 0.2
const FRAMES_THAT_ARE_NO_CLICK = 3
const FRAMES_BEFORE_FIRST_VERDICT = 5
/** Speech goes on until the network is this unsure; its authors' own figure. */
const STILL_SPEECH = 0.35

export class SilenceDetector {
  readonly config: DetectorConfig
  guard: Guard = NO_GUARD
  /** What a network says of the newest frame that it has judged; null: the level alone decides. */
  probability: number | null = null
  /** Level of the last frame and of the room, in dBFS of the speech band. */
  levelDb = -100
  floorDb = -60
  /** Frames since the last one that was speech; what an utterance's end is measured from. */
  framesSinceSpeech = 0
  #speaking = false
  #silenceMs: number
  #quietMs = 0
  #speechMs = 0
  #run = 0
  readonly #levels: Float32Array
  readonly #sorted: Float32Array
  #levelCount = 0
  #levelIndex = 0
  readonly #highPass: number
  readonly #lowPass: number
  #lastInput = 0
  #lastHigh = 0
  #lastLow = 0

  constructor(config: Partial<DetectorConfig> = {}) {
    this.config = { ...DEFAULTS, ...config }
    this.#silenceMs = this.config.silenceMs
    this.#levels = new Float32Array(Math.round(this.config.historyMs / this.config.frameMs))
    this.#sorted = new Float32Array(this.#levels.length)
    this.#highPass = Math.exp((-2 * Math.PI * 200) / this.config.sampleRateHz)
    this.#lowPass = 1 - Math.exp((-2 * Math.PI * 3500) / this.config.sampleRateHz)
  }

  get speaking(): boolean {
    return this.#speaking
  }

  /** The service says how long a pause ends an utterance. */
  set silenceMs(value: number) {
    this.#silenceMs = value
  }

  /** Forget the utterance, not the room: the microphone was muted or push-to-talk ended it. */
  reset(): void {
    this.#speaking = false
    this.#quietMs = 0
    this.#speechMs = 0
    this.#run = 0
  }

  process(frame: Float32Array): DetectorEvent {
    this.#measure(frame)
    this.framesSinceSpeech++
    return this.#speaking ? this.#whileSpeaking() : this.#whileQuiet()
  }

  #whileQuiet(): DetectorEvent {
    const { config, guard } = this
    const onset = Math.max(this.floorDb + config.onsetDb, config.minimumDbfs) + guard.onsetDb
    this.#run = this.#isSpeech(onset, guard.probability) ? this.#run + 1 : 0
    const needed = Math.max(1, Math.round((config.startMs + guard.startMs) / config.frameMs))
    if (this.#levelCount < FRAMES_BEFORE_FIRST_VERDICT || this.#run < needed) return null
    this.#speaking = true
    this.#speechMs = this.#run * config.frameMs
    this.#quietMs = 0
    this.#run = 0
    this.framesSinceSpeech = 0
    return 'speechStarted'
  }

  #whileSpeaking(): DetectorEvent {
    const { config } = this
    const offset = Math.max(this.floorDb + config.offsetDb, config.minimumDbfs - 3)
    this.#run = this.#isSpeech(offset, STILL_SPEECH) ? this.#run + 1 : 0
    if (this.#run >= FRAMES_THAT_ARE_NO_CLICK) {
      this.#speechMs += config.frameMs
      this.#quietMs = 0
      this.framesSinceSpeech = 0
      return null
    }
    this.#quietMs += config.frameMs
    if (this.#quietMs < this.#silenceMs) return null
    const wasUtterance = this.#speechMs >= config.minimumSpeechMs
    this.reset()
    return wasUtterance ? 'speechEnded' : 'speechAbandoned'
  }

  /** A network needs no floor, but does not decide about what nobody can hear. */
  #isSpeech(thresholdDb: number, probability: number): boolean {
    if (this.probability === null) return this.levelDb > thresholdDb
    return this.probability > probability && this.levelDb > this.config.minimumDbfs
  }

  #measure(frame: Float32Array): void {
    let energy = 0
    for (let i = 0; i < frame.length; i++) {
      const input = frame[i] ?? 0
      this.#lastHigh = this.#highPass * (this.#lastHigh + input - this.#lastInput)
      this.#lastInput = input
      this.#lastLow += this.#lowPass * (this.#lastHigh - this.#lastLow)
      energy += this.#lastLow * this.#lastLow
    }
    this.levelDb = 10 * Math.log10(energy / frame.length + 1e-10)
    this.#levels[this.#levelIndex] = this.levelDb
    this.#levelIndex = (this.#levelIndex + 1) % this.#levels.length
    this.#levelCount = Math.min(this.#levelCount + 1, this.#levels.length)
    const sorted = this.#sorted.subarray(0, this.#levelCount)
    sorted.set(this.#levels.subarray(0, this.#levelCount))
    sorted.sort()
    this.floorDb = sorted[Math.floor(this.#levelCount * FLOOR_PERCENTILE)] ?? this.floorDb
  }
}
