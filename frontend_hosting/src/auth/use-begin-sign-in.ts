import { useCallback, useState } from 'react'
import { useAuth } from 'react-oidc-context'

import { type SignInProblem, signInProblem } from './problems.ts'
import type { SignIn } from './sign-in.ts'

export type BeginSignIn = {
  readonly begin: () => void
  /** What kept, or now keeps, the user from it. */
  readonly problem: SignInProblem | null
  /** On the way there. */
  readonly busy: boolean
}

/** To the user pool; whoever comes back comes back to where they were, and finds what was said. */
export function useBeginSignIn(signIn: SignIn): BeginSignIn {
  const { signinRedirect, error } = useAuth()
  const [asking, setAsking] = useState(false)
  const [silent, setSilent] = useState(false)
  const begin = useCallback(() => {
    const go = async (): Promise<void> => {
      setAsking(true)
      // A redirect to a user pool that is down would leave the user there.
      const answers = await signIn.poolAnswers()
      setSilent(!answers)
      if (answers) await signinRedirect({ state: signIn.whereabouts() })
      setAsking(false)
    }
    void go()
  }, [signIn, signinRedirect])
  const problem: SignInProblem | null = silent ? { code: 'poolUnreachable', detail: null } : error ? signInProblem(error) : null
  return { begin, problem: asking ? null : problem, busy: asking }
}
