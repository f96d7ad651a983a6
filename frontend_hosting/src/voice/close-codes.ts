// PURE. What the page does when the socket has closed: one row per close code, and how long to wait before trying again.
//
// Trying again means another session in the same conversation, which the service tells the model about. Where it keeps
// none, or has it no more, the thread stays on the page and says that the assistant remembers nothing of it.

import { isLasting } from './error-codes.ts'

export type Closing =
  /** The call is over, calmly. */
  | { readonly kind: 'end'; readonly why: EndReason }
  /** Trying again would end the same way: say what is wrong. */
  | { readonly kind: 'fail'; readonly problem: CloseProblem }
  /** A fresh session may work; never sooner than `leastMs`. */
  | { readonly kind: 'retry'; readonly leastMs: number; readonly problem: CloseProblem }

/** `signedInAgain`: the page was away for it, and has come back with what was said. */
export type EndReason = 'done' | 'maxDuration' | 'idle' | 'superseded' | 'signedInAgain'
export type CloseProblem =
  | 'connectionLost'
  | 'messageTooBig'
  | 'serviceFault'
  | 'protocolFault'
  | 'signInRequired'
  | 'forbidden'
  | 'cannotResume'
  | 'tooManyRequests'
  | 'serviceLeaving'

/** Ours: the heartbeat went unanswered. */
export const HEARTBEAT_LOST = 4000

const CLOSINGS: Readonly<Record<number, Closing>> = {
  1000: { kind: 'end', why: 'done' },
  1001: { kind: 'retry', leastMs: 0, problem: 'serviceLeaving' },
  1005: { kind: 'retry', leastMs: 0, problem: 'connectionLost' },
  1006: { kind: 'retry', leastMs: 0, problem: 'connectionLost' },
  1009: { kind: 'fail', problem: 'messageTooBig' },
  1011: { kind: 'retry', leastMs: 1000, problem: 'serviceFault' },
  1012: { kind: 'retry', leastMs: 0, problem: 'serviceLeaving' },
  1013: { kind: 'retry', leastMs: 2000, problem: 'tooManyRequests' },
  4000: { kind: 'retry', leastMs: 0, problem: 'connectionLost' },
  4400: { kind: 'fail', problem: 'protocolFault' },
  4401: { kind: 'fail', problem: 'signInRequired' },
  4403: { kind: 'fail', problem: 'forbidden' },
  4408: { kind: 'end', why: 'idle' },
  4409: { kind: 'end', why: 'superseded' },
  4410: { kind: 'retry', leastMs: 0, problem: 'cannotResume' },
  4429: { kind: 'retry', leastMs: 5000, problem: 'tooManyRequests' },
  4503: { kind: 'retry', leastMs: 0, problem: 'serviceLeaving' },
}

/** What to do about a close code, and the error before it. A code that nobody documented is treated as a lost connection. */
export function closingFor(code: number, error: string | null = null): Closing {
  const closing = CLOSINGS[code] ?? ({ kind: 'retry', leastMs: 0, problem: 'connectionLost' } as const)
  return closing.kind === 'retry' && isLasting(error) ? { kind: 'fail', problem: closing.problem } : closing
}

const FIRST_TRY_WITHIN_MS = 500
const BACKOFF_BASE_MS = 500
const BACKOFF_CAP_MS = 15_000
const GIVE_UP_AFTER_MS = 60_000
/** A session that lived this long was healthy: what follows is a new trouble, counted from the start. */
export const HEALTHY_AFTER_MS = 30_000

export type Closed = {
  /** Milliseconds on a steady clock. */
  readonly now: number
  /** When this session became ready; null if it never did. */
  readonly liveSinceMs: number | null
  readonly leastMs: number
  /** A number in [0, 1). */
  readonly random: number
}

/** How long to wait before each further attempt, with full jitter; it gives up after a minute of trouble. */
export class RetryPlan {
  #attempt = 0
  #troubleSinceMs: number | null = null

  /** Milliseconds to wait, or null: a minute of trying is enough, now a person must decide. */
  next({ now, liveSinceMs, leastMs, random }: Closed): number | null {
    if (liveSinceMs !== null && now - liveSinceMs >= HEALTHY_AFTER_MS) {
      this.#attempt = 0
      this.#troubleSinceMs = null
    }
    this.#troubleSinceMs ??= now
    if (now - this.#troubleSinceMs >= GIVE_UP_AFTER_MS) return null
    const span = this.#attempt === 0 ? FIRST_TRY_WITHIN_MS : Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** this.#attempt)
    this.#attempt++
    return Math.round(leastMs + random * span)
  }
}
