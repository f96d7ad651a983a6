// A sign-in that runs out during a call is renewed within it: a new ticket goes into the session that runs, without a gap.
//
// Nothing is said about a renewal that fails: the call goes on until the service ends it, and the service then says why.

import { type GetTicket, refusalOf } from './tickets.ts'

const AGAIN_MS = 5000

export type RenewalPorts = {
  readonly getTicket: GetTicket
  readonly send: (ticket: string) => void
  readonly now: () => number
}

export class Renewal {
  readonly #ports: RenewalPorts
  /** Raised whenever what is still awaited is no longer wanted. */
  #generation = 0
  #again: ReturnType<typeof setTimeout> | undefined
  #untilMs: number | null = null
  #refusals = 0

  constructor(ports: RenewalPorts) {
    this.#ports = ports
  }

  /** The session is let in until then. */
  begin(untilMs: number): void {
    this.stop()
    this.#untilMs = untilMs
    this.#refusals = 0
    void this.#attempt(untilMs)
  }

  /** The service took the ticket and it renewed nothing: it was too old, or its sign-in no longer than the session's. */
  refused(): void {
    this.#refusals++
    if (this.#untilMs !== null && this.#refusals === 1) void this.#attempt(this.#untilMs)
  }

  /** The session is gone; the next one has a ticket of its own. */
  stop(): void {
    this.#generation++
    this.#untilMs = null
    clearTimeout(this.#again)
  }

  async #attempt(untilMs: number): Promise<void> {
    const generation = this.#generation
    try {
      const ticket = await this.#ports.getTicket('renewed')
      if (generation === this.#generation) this.#ports.send(ticket)
    } catch (error) {
      const { closing } = refusalOf(error)
      if (closing.kind !== 'retry' || generation !== this.#generation) return
      const delayMs = Math.max(AGAIN_MS, closing.leastMs)
      if (this.#ports.now() + delayMs < untilMs) this.#again = setTimeout(() => void this.#attempt(untilMs), delayMs)
    }
  }
}
