// PURE. Everything that can go wrong, by name. What it is called and what helps stands in words/.

import type { CloseProblem } from './close-codes.ts'
import { type ErrorCode, isErrorCode, isPassing } from './error-codes.ts'
import type { ServerError } from './protocol.ts'

export type MicrophoneProblem =
  | 'insecureContext'
  | 'microphoneUnsupported'
  | 'microphoneDenied'
  | 'microphoneMissing'
  | 'microphoneBusy'
  | 'microphoneLost'
  | 'microphoneFailed'

export type ProblemCode =
  | MicrophoneProblem
  | CloseProblem
  | 'serviceUnreachable'
  | 'serviceRefused'
  | 'serviceSilent'
  | 'signInUnreachable'
  | 'setupFailed'
  | 'historyNotKept'

/** `detail` is a sentence of the service, shown as it came; `error` is its reason, where it gave one that has words of its own. */
export type Problem = { readonly code: ProblemCode; readonly detail: string | null; readonly error?: ErrorCode }

/** The problem that a close code stands for, with the reason that the service gave before it. */
export function problemAfter(code: ProblemCode, complaint: ServerError | null): Problem {
  if (!complaint || isPassing(complaint.code)) return { code, detail: null }
  return { code, detail: complaint.message, ...(isErrorCode(complaint.code) ? { error: complaint.code } : {}) }
}

const TYPING_HELPS: ReadonlySet<ProblemCode> = new Set([
  'microphoneUnsupported', 'microphoneDenied', 'microphoneMissing', 'microphoneBusy', 'microphoneLost', 'microphoneFailed',
] as const)

/** Without a microphone one can still type and listen. */
export function mayTypeInstead(problem: Problem): boolean {
  return TYPING_HELPS.has(problem.code)
}

/** The names are those of the Media Capture specification; browsers differ in when they use which. */
export function microphoneProblem(error: unknown): MicrophoneProblem {
  const name = error instanceof Error ? error.name : ''
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'microphoneDenied'
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'microphoneMissing'
    case 'NotReadableError':
    case 'AbortError':
      return 'microphoneBusy'
    default:
      return 'microphoneFailed'
  }
}
