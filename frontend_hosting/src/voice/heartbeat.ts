// PURE. Is the service still there? A ping as often as the service asks for, and when nothing came for half that time;
// when it is not answered and nothing else comes for three seconds, or for longer where the way is long, nobody listens.
// `now` is an argument, in milliseconds of any steady clock.

export const LEAST_PATIENCE_MS = 3_000
/** Until it is known how long the way is. */
export const FIRST_PATIENCE_MS = 5_000
const ROUND_TRIPS = 4

export type Beat =
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'dead' }
  | { readonly type: 'quiet' }

export class Heartbeat {
  #id = 0
  readonly #everyMs: number
  #nextAt: number
  #heardAt: number
  #patienceMs = FIRST_PATIENCE_MS
  #awaiting: { readonly id: number; readonly sentAt: number } | null = null

  /** The first ping leaves at once: the round-trip time is known from the start. */
  constructor(now: number, everyMs: number) {
    this.#everyMs = everyMs
    this.#nextAt = this.#heardAt = now
  }

  tick(now: number): Beat {
    if (this.#awaiting) {
      const silentMs = now - Math.max(this.#awaiting.sentAt, this.#heardAt)
      return { type: silentMs >= this.#patienceMs ? 'dead' : 'quiet' }
    }
    if (now < this.#nextAt && now - this.#heardAt < this.#everyMs / 2) return { type: 'quiet' }
    this.#id++
    this.#awaiting = { id: this.#id, sentAt: now }
    this.#nextAt = now + this.#everyMs
    return { type: 'ping', id: this.#id }
  }

  /** Something came: the answer may stand in line behind it. */
  heard(now: number): void {
    this.#heardAt = now
  }

  /** The round-trip time in milliseconds, or null for a pong nobody waits for. */
  pong(id: number, now: number): number | null {
    if (this.#awaiting?.id !== id) return null
    const { sentAt } = this.#awaiting
    this.#awaiting = null
    this.#patienceMs = Math.max(LEAST_PATIENCE_MS, ROUND_TRIPS * (now - sentAt))
    return now - sentAt
  }
}
