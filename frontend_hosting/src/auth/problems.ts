// What can go wrong before anybody is signed in, by name. What it is called and what helps stands in words.ts.

import { ErrorResponse } from 'oidc-client-ts'

export type SignInProblemCode =
  | 'insecure'
  | 'storageBlocked'
  | 'serviceUnreachable'
  | 'configMissing'
  | 'configWrong'
  | 'poolUnreachable'
  | 'notCompleted'

/** `detail` is a sentence for whoever looks after the service, shown as it came. */
export type SignInProblem = { readonly code: SignInProblemCode; readonly detail: string | null }

/** The library says which step failed, and with what. */
export function signInProblem(error: { readonly source: string; readonly innerError?: unknown; readonly message: string }): SignInProblem {
  const completed = error.source === 'signinCallback'
  const refused = error.innerError instanceof ErrorResponse || /\bstate\b/u.test(error.message)
  return { code: completed && refused ? 'notCompleted' : 'poolUnreachable', detail: null }
}
