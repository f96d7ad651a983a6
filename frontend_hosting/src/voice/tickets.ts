// PURE. What the call needs to be let in: a ticket for each connection, or the reason why there is none.
//
// How people sign in is not this folder's business: whoever mounts a call brings an AccessToken.

import type { Closing } from './close-codes.ts'
import type { Problem } from './problems.ts'

/** `known`: whatever proof of sign-in there is. `renewed`: one that lasts longer than what the call began with. */
export type Proof = 'known' | 'renewed'

/** Resolves to null when the user must sign in again; rejects when that cannot be found out just now. */
export type AccessToken = (proof: Proof) => Promise<string | null>

/** Resolves to a ticket that works once and soon; rejects with a TicketRefused. */
export type GetTicket = (proof: Proof) => Promise<string>

export class TicketRefused extends Error {
  /** For a person who waits for a call to begin. */
  readonly problem: Problem
  /** For a call that was already there: whether, and when, it may try again. */
  readonly closing: Closing

  constructor(problem: Problem, closing: Closing) {
    super(problem.detail ?? problem.code)
    this.problem = problem
    this.closing = closing
  }
}

/** Anything else that a GetTicket throws is a fault of ours, and no reason to leave a person waiting. */
export function refusalOf(error: unknown): TicketRefused {
  if (error instanceof TicketRefused) return error
  return new TicketRefused({ code: 'setupFailed', detail: null }, { kind: 'fail', problem: 'serviceFault' })
}
