import { ErrorResponse } from 'oidc-client-ts'
import { expect, it } from 'vitest'

import { signInProblem } from './problems.ts'

it.each([
  ['signinRedirect', new TypeError('Failed to fetch'), 'poolUnreachable'],
  ['signinCallback', new TypeError('Failed to fetch'), 'poolUnreachable'],
  ['signinCallback', new ErrorResponse({ error: 'access_denied' }), 'notCompleted'],
  ['signinCallback', new Error('No matching state found in storage'), 'notCompleted'],
] as const)('%s that fails with %s is %s', (source, innerError, code) => {
  expect(signInProblem({ source, innerError, message: innerError.message })).toEqual({ code, detail: null })
})
