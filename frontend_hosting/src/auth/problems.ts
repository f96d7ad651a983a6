// What can go wrong before anybody is signed in, by name. What it is called and what helps stands in the catalogues.

import { ErrorResponse } from 'oidc-client-ts'

import type { Words } from '../voice/words/en.ts'

/** The catalogue of every language has a title and a remedy for each. */
export type SignInProblemCode = keyof Words['signIn']['problems']

/** `detail` is a sentence for whoever looks after the service, shown as it came. */
export type SignInProblem = { readonly code: SignInProblemCode; readonly detail: string | null }

/** The library says which step failed, and with what. */
export function signInProblem(error: { readonly source: string; readonly innerError?: unknown; readonly message: string }): SignInProblem {
  const completed = error.source === 'signinCallback'
  const refused = error.innerError instanceof ErrorResponse || /\bstate\b/u.test(error.message)
  return { code: completed && refused ? 'notCompleted' : 'poolUnreachable', detail: null }
}
