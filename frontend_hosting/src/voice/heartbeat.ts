// PURE. Is the service still there? One ping every ten seconds; a ping unanswered for five means nobody listens.
// `now` is an argument, in milliseconds of any steady clock.

export const PING_EVERY_MS = 10_000
export const PATIENCE_MS = 5_000

export type Beat =
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'dead' }
  | { readonly type: 'quiet' }

export class Heartbeat {
  #id = 0
  #nextAt: number
  #awaiting: { readonly id: number; readonly sentAt: number } | null = null

  /** The first ping leaves at once: the round-trip time is known from the start. */
  constructor(now: number) {
    this.#nextAt = now
  }

  tick(now: number): Beat {
    if (this.#awaiting && now - this.#awaiting.sentAt >= PATIENCE_MS) return { type: 'dead' }
    if (this.#awaiting || now < this.#nextAt) return { type: 'quiet' }
    this.#id++
    this.#awaiting = { id: this.#id, sentAt: now }
    this.#nextAt = now + PING_EVERY_MS
    return { type: 'ping', id: this.#id }
  }

  /** The round-trip time in milliseconds, or null for a pong nobody waits for. */
  pong(id: number, now: number): number | null {
    if (this.#awaiting?.id !== id) return null
    const { sentAt } = this.#awaiting
    this.#awaiting = null
    return now - sentAt
  }
}
