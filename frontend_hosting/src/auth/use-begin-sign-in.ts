import { useCallback } from 'react'
import { useAuth } from 'react-oidc-context'

/** To the user pool; whoever comes back comes back to where they were. */
export function useBeginSignIn(): () => void {
  const { signinRedirect } = useAuth()
  return useCallback(() => {
    const { pathname, search } = globalThis.location
    void signinRedirect({ state: { path: pathname + search } })
  }, [signinRedirect])
}
