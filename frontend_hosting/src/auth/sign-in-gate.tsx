import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react'
import { AuthProvider, useAuth } from 'react-oidc-context'
import type { User } from 'oidc-client-ts'

import { CALLBACK_PATH, returnPath } from './oidc.ts'
import { signInProblem } from './problems.ts'
import type { Prepared, SignIn } from './sign-in.ts'
import { SignInPage } from './sign-in-page.tsx'
import { useBeginSignIn } from './use-begin-sign-in.ts'

type Props = { readonly signIn: SignIn; readonly children: ReactNode }

/** Lets in who is signed in, and shows everybody else the way. */
export function SignInGate({ signIn, children }: Props): ReactNode {
  const [prepared, setPrepared] = useState<Prepared | null>(null)
  const prepare = useCallback(() => void signIn.prepare().then(setPrepared), [signIn])
  useEffect(prepare, [prepare])
  if (prepared === null) return <Waiting />
  if (prepared.status === 'failed') return <SignInPage problem={prepared.problem} busy={false} action="repair" onAct={prepare} />
  return (
    <AuthProvider
      userManager={prepared.manager}
      skipSigninCallback={globalThis.location.pathname !== CALLBACK_PATH}
      onSigninCallback={(user) => arrive(signIn, user)}
    >
      <Door returning={prepared.returning}>{children}</Door>
    </AuthProvider>
  )
}

/** The code is used up: it goes out of the address and of the history. */
function arrive(signIn: SignIn, user: User | undefined): void {
  signIn.remember()
  globalThis.history.replaceState(null, '', returnPath(user?.state))
}

function Door({ returning, children }: { readonly returning: boolean; readonly children: ReactNode }): ReactNode {
  const { user, isLoading, error } = useAuth()
  const begin = useBeginSignIn()
  const settled = !user && !isLoading
  const asked = useRef(false)
  useEffect(() => {
    // A reload has forgotten the tokens: one redirect brings them back, as long as the user pool remembers the user.
    if (!returning || !settled || error || asked.current) return
    asked.current = true
    begin()
  }, [returning, settled, error, begin])
  useBackToScreen(user === null || user === undefined)
  useEffect(() => {
    // A callback that failed, or was opened by itself, is no place to stay.
    if (settled && globalThis.location.pathname === CALLBACK_PATH) globalThis.history.replaceState(null, '', '/')
  }, [settled])
  // A token that has run out is renewed when it is needed; whoever was let in is not thrown out for it.
  if (user) return children
  if (error || (settled && !returning)) {
    return <SignInPage problem={error ? signInProblem(error) : null} busy={isLoading} action="signIn" onAct={begin} />
  }
  return <Waiting />
}

/** "Back" from the user pool's page may bring this one back as it was left: on its way there. */
function useBackToScreen(signedOut: boolean): void {
  useEffect(() => {
    if (!signedOut) return undefined
    const onShow = ({ persisted }: PageTransitionEvent): void => {
      if (persisted) globalThis.location.reload()
    }
    globalThis.addEventListener('pageshow', onShow)
    return () => globalThis.removeEventListener('pageshow', onShow)
  }, [signedOut])
}

/** Usually too short to be seen: nothing flashes up. */
function Waiting(): ReactNode {
  return <div aria-busy="true" className="min-h-dvh bg-paper" />
}
