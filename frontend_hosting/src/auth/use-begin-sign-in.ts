import { useCallback } from 'react'
import { useAuth } from 'react-oidc-context'

import type { SignIn } from './sign-in.ts'

/** To the user pool; whoever comes back comes back to where they were, and finds what was said. */
export function useBeginSignIn(signIn: SignIn): () => void {
  const { signinRedirect } = useAuth()
  return useCallback(() => void signinRedirect({ state: signIn.whereabouts() }), [signIn, signinRedirect])
}
