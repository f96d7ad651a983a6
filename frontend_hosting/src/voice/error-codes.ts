// PURE. The codes of the service's `error` messages and problem documents. What they are called stands in words/errors/.

export const ERROR_CODES = [
  'protocol_error', 'message_too_big', 'too_fast', 'idle', 'start_timeout', 'too_slow', 'forbidden', 'budget_spent', 'at_capacity',
  'daily_limit', 'conversation_unknown', 'history_unavailable', 'not_saved', 'ticket_refused', 'sign_in_required', 'superseded', 'going_away',
  'model_silent', 'model_unavailable', 'model_refused', 'content_filtered', 'internal_error',
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

/** A newer service may have more of them; then its own sentence is shown. */
export const isErrorCode = (code: string): code is ErrorCode => ERROR_CODES.some((known) => known === code)

/** Until tomorrow, or until somebody changes something, trying again would end the same way. */
const LASTING: ReadonlySet<string> = new Set<ErrorCode>(['budget_spent', 'daily_limit', 'model_refused', 'content_filtered'])

export const isLasting = (code: string | null): boolean => code !== null && LASTING.has(code)

/** The session goes on after these: they explain no close that comes later. */
const PASSING: ReadonlySet<string> = new Set<ErrorCode>(['not_saved', 'ticket_refused', 'model_silent'])

export const isPassing = (code: string): boolean => PASSING.has(code)
