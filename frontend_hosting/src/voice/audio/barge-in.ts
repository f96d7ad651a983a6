// PURE. The user speaks over a reply: hold it at once, let go of it when the service says so, else go on where it was.
//
//   free --onset--> doubtful --speech--> held --flushed--> overruled
//                      |                   |                  |
//                      +---- patience -----+---- patience ----+--- the user is quiet ---> free
//
// Time is counted in samples of playback. Nothing is held while nothing is heard: a user who speaks then interrupts nobody.

export type BargeInConfig = {
  /** How long a mere onset may hold the reply before the detector is sure. */
  readonly doubt: number
  /** How long the service may take to call it an interruption. */
  readonly patience: number
}

type Standing = 'free' | 'doubtful' | 'held' | 'overruled'

export function bargeInConfig(sampleRateHz: number): BargeInConfig {
  return { doubt: Math.round(sampleRateHz * 0.35), patience: Math.round(sampleRateHz * 3) }
}

export class BargeIn {
  readonly #config: BargeInConfig
  #standing: Standing = 'free'
  #since = 0
  #patience: number

  constructor(config: BargeInConfig) {
    this.#config = config
    this.#patience = config.patience
  }

  get holds(): boolean {
    return this.#standing === 'doubtful' || this.#standing === 'held'
  }

  onset(heard: boolean): void {
    if (this.#standing === 'free' && heard) this.#become('doubtful')
  }

  /** `pressed`: by holding a button, which is no noise, so it holds the reply for as long as the button. */
  speech({ speaking, pressed, heard }: { readonly speaking: boolean; readonly pressed: boolean; readonly heard: boolean }): void {
    this.#patience = pressed ? Number.POSITIVE_INFINITY : this.#config.patience
    if (!speaking) this.#become('free')
    else if (this.#standing === 'doubtful' || (this.#standing === 'free' && heard)) this.#become('held')
  }

  /** The service has taken the reply back; what the user goes on saying does not hold the next one. */
  flushed(): void {
    if (this.holds) this.#become('overruled')
  }

  advance(samples: number): void {
    this.#since += samples
    if (this.#standing === 'doubtful' && this.#since >= this.#config.doubt) this.#become('free')
    // The service hears the user too and does not mind: a television, or an "mm-hm".
    else if (this.#standing === 'held' && this.#since >= this.#patience) this.#become('overruled')
  }

  #become(standing: Standing): void {
    this.#standing = standing
    this.#since = 0
  }
}
