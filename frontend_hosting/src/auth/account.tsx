import { type ReactNode, useState } from 'react'
import { useAuth } from 'react-oidc-context'

import { Button } from '../ui/button.tsx'
import { IconButton } from '../ui/icon-button.tsx'
import { LeaveIcon } from '../ui/icons.tsx'
import { ProblemBox } from '../ui/problem-box.tsx'
import { useWords } from '../voice/words/use-words.ts'
import type { SignIn } from './sign-in.ts'
import { type BeginSignIn, useBeginSignIn } from './use-begin-sign-in.ts'

type AccountProps = { readonly signIn: SignIn; readonly forAdministrators: ReactNode }

/** Who is signed in, what only some may see, and the way out, in the page's header. */
export function Account({ signIn, forAdministrators }: AccountProps): ReactNode {
  const { user } = useAuth()
  return (
    <>
      {isAdministrator(user?.profile['cognito:groups'], signIn.adminGroup) ? forAdministrators : null}
      <SignOutButton email={user?.profile.email ?? null} onSignOut={() => void signIn.leave()} />
    </>
  )
}

/** What is shown is a courtesy; the service judges every request itself. */
export function isAdministrator(groups: unknown, adminGroup: string): boolean {
  return Array.isArray(groups) && groups.includes(adminGroup)
}

type SignOutProps = { readonly email: string | null; readonly onSignOut: () => void }

export function SignOutButton({ email, onSignOut }: SignOutProps): ReactNode {
  const words = useWords().signIn
  const [leaving, setLeaving] = useState(false)
  return (
    <IconButton
      label={words.out}
      title={email === null ? words.out : words.outOf(email)}
      disabled={leaving}
      onClick={() => {
        setLeaving(true)
        onSignOut()
      }}
    >
      <LeaveIcon />
    </IconButton>
  )
}

/** The way back in, below the problem that says that it is needed. */
export function SignInAgain({ signIn }: { readonly signIn: SignIn }): ReactNode {
  return <SignInAgainButton {...useBeginSignIn(signIn)} />
}

export function SignInAgainButton({ begin, problem, busy }: BeginSignIn): ReactNode {
  const words = useWords().signIn
  return (
    <>
      {problem ? <ProblemBox {...problem} {...words.problems[problem.code]} /> : null}
      <Button kind="primary" disabled={busy} onClick={begin}>{busy ? words.busy : words.again}</Button>
    </>
  )
}
