import { type ReactNode, useState } from 'react'
import { useAuth } from 'react-oidc-context'

import { Button } from '../ui/button.tsx'
import type { SignIn } from './sign-in.ts'
import { useBeginSignIn } from './sign-in-gate.tsx'
import { useAuthWords } from './use-auth-words.ts'

/** The way out, in the page's header. */
export function SignOutButton({ signIn }: { readonly signIn: SignIn }): ReactNode {
  const words = useAuthWords()
  const { user } = useAuth()
  const [leaving, setLeaving] = useState(false)
  const account = user?.profile.email
  return (
    <button
      type="button"
      aria-label={words.signOut}
      title={account === undefined ? words.signOut : words.signOutOf(account)}
      disabled={leaving}
      onClick={() => {
        setLeaving(true)
        void signIn.leave()
      }}
      className="flex h-11 w-11 items-center justify-center rounded-full text-soft hover:text-ink"
    >
      <svg viewBox="0 0 24 24" width="22" height="22" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
        <path d="M10 4H6a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h4M15 8l4 4-4 4M19 12H9" />
      </svg>
    </button>
  )
}

/** The way back in, below the problem that says that it is needed. */
export function SignInAgainButton(): ReactNode {
  const words = useAuthWords()
  const begin = useBeginSignIn()
  return <Button kind="primary" onClick={begin}>{words.signInAgain}</Button>
}
