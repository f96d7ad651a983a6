import type { ReactNode } from 'react'

import { Button } from '../ui/button.tsx'
import type { SignInProblem } from './problems.ts'
import { useAuthWords } from './use-auth-words.ts'

type Props = {
  readonly problem: SignInProblem | null
  /** On the way to the user pool or back. */
  readonly busy: boolean
  /** `repair`: the page itself is not ready yet, so there is nothing to sign in to. */
  readonly action: 'signIn' | 'repair'
  readonly onAct: () => void
}

/** What one sees before one is signed in: one button, and what is wrong if something is. */
export function SignInScreen({ problem, busy, action, onAct }: Props): ReactNode {
  const words = useAuthWords()
  return (
    <div lang={words.locale} className="flex min-h-dvh flex-col bg-paper text-ink">
      <header className="px-4 pt-3 sm:px-6">
        <h1 className="flex min-h-11 items-center font-serif text-xl font-medium tracking-tight">{words.product}</h1>
      </header>
      <main className="flex flex-1 flex-col items-center justify-center gap-7 px-4 pb-24 text-center">
        <div className="flex flex-col items-center gap-3">
          <p className="font-serif text-5xl leading-none tracking-tight sm:text-6xl">{words.lead}</p>
          <p className="max-w-md text-lg text-balance text-soft">{words.leadText}</p>
        </div>
        {problem ? <Problem problem={problem} /> : null}
        <Button kind="primary" className="min-h-14 px-9 text-lg" disabled={busy} onClick={onAct}>
          {busy ? words.signingIn : action === 'signIn' ? words.signIn : words.tryAgain}
        </Button>
      </main>
    </div>
  )
}

function Problem({ problem }: { readonly problem: SignInProblem }): ReactNode {
  const { title, remedy } = useAuthWords().problems[problem.code]
  return (
    <div role="alert" data-problem={problem.code} className="w-full max-w-md rounded-2xl border border-danger/40 bg-surface px-5 py-4 text-left forced-colors:border-2">
      <p className="font-semibold text-danger">{title}</p>
      {problem.detail === null ? null : <p className="mt-1 text-[0.9375rem] wrap-anywhere">{problem.detail}</p>}
      <p className="mt-1 text-[0.9375rem] text-soft">{remedy}</p>
    </div>
  )
}
