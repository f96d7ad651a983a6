// PURE. The page's side of a reply's way: when it came, when it was played, and by which clock.

import type { VoiceState } from './call-state.ts'
import { ClockSync } from './clock-sync.ts'
import type { Meters } from './meters.ts'
import type { ClientMessage } from './protocol.ts'
import { askedAt } from './reply-times.ts'

type Timings = Extract<ClientMessage, { readonly type: 'timings' }>

/** One for each call. */
export class PageTimings {
  readonly clock = new ClockSync()
  #underrunsTold = 0

  /** What to tell of a reply that begins to leave the player at `atMs`; nothing to a service that has not shown its clock. */
  of(responseId: number, atMs: number, state: VoiceState, lastSpeechAtMs: number | null, meters: Pick<Meters, 'underruns' | 'outputLatencyMs'>): Timings | null {
    const clock = this.clock.best
    if (!clock) return null
    const askedAtMs = askedAt(state, lastSpeechAtMs)
    const underruns = meters.underruns - this.#underrunsTold
    this.#underrunsTold = meters.underruns
    return {
      type: 'timings',
      responseId,
      receivedAtMs: Math.round(Math.min(state.arrivedAtMs ?? atMs, atMs)),
      bufferedAtMs: Math.round(atMs),
      playedAtMs: Math.round(atMs + meters.outputLatencyMs),
      clockOffsetMs: Math.round(clock.offsetMs),
      roundTripMs: Math.round(clock.roundTripMs),
      ...(askedAtMs === null ? {} : { askedAtMs: Math.round(askedAtMs) }),
      ...(underruns > 0 ? { underruns } : {}),
    }
  }
}
