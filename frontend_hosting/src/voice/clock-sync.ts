// PURE. How far the service's clock is from the page's: the ping with the shortest way tells it best.

export type Clock = { readonly offsetMs: number; readonly roundTripMs: number }

/** Two minutes of pings: clocks drift, and a network changes. */
const REMEMBERED = 12

export class ClockSync {
  readonly #measured: Clock[] = []

  /** `atMs`: the page's clock when the pong came that showed `clockMs` of the service's. */
  note(roundTripMs: number, clockMs: number, atMs: number): void {
    this.#measured.push({ roundTripMs, offsetMs: clockMs - (atMs - roundTripMs / 2) })
    if (this.#measured.length > REMEMBERED) this.#measured.shift()
  }

  /** A service that tells no clock has none to be synchronised with. */
  get best(): Clock | null {
    return this.#measured.toSorted((a, b) => a.roundTripMs - b.roundTripMs)[0] ?? null
  }
}
