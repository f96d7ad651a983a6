// PURE. Everything that can go wrong, by name. What it is called and what helps stands in words/.

import type { CloseProblem } from './close-codes.ts'

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

/** `detail` is a sentence of the service, shown as it came. */
export type Problem = { readonly code: ProblemCode; readonly detail: string | null }

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
