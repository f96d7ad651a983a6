import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react'
import { AuthProvider, useAuth } from 'react-oidc-context'

import { CALLBACK_PATH } from './oidc.ts'
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
      // The code is used up: it goes out of the address and of the history.
      onSigninCallback={(user) => globalThis.history.replaceState(null, '', signIn.arrive(user?.state))}
    >
      <Door signIn={signIn} returning={prepared.returning}>{children}</Door>
    </AuthProvider>
  )
}

type DoorProps = Props & { readonly returning: boolean }

function Door({ signIn, returning, children }: DoorProps): ReactNode {
  const { user, isLoading } = useAuth()
  const { begin, problem, busy } = useBeginSignIn(signIn)
  const settled = !user && !isLoading
  const asked = useRef(false)
  useEffect(() => {
    // A reload has forgotten the tokens: one redirect brings them back, as long as the user pool remembers the user.
    if (!returning || !settled || problem || asked.current) return
    asked.current = true
    begin()
  }, [returning, settled, problem, begin])
  useBackToScreen(user === null || user === undefined)
  useEffect(() => {
    // A callback that failed, or was opened by itself, is no place to stay.
    if (settled && globalThis.location.pathname === CALLBACK_PATH) globalThis.history.replaceState(null, '', '/')
  }, [settled])
  // A token that has run out is renewed when it is needed; whoever was let in is not thrown out for it.
  if (user) return children
  if (problem || (!returning && (settled || busy))) return <SignInPage problem={problem} busy={busy} action="signIn" onAct={begin} />
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
