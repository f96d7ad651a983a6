import type { ReactNode } from 'react'

import { Button } from '../ui/button.tsx'
import { ProblemBox } from '../ui/problem-box.tsx'
import { useWords } from '../voice/words/use-words.ts'
import type { SignInProblem } from './problems.ts'

export type SignInScreenProps = {
  readonly problem: SignInProblem | null
  /** On the way to the user pool or back. */
  readonly busy: boolean
  /** `repair`: the page itself is not ready yet, so there is nothing to sign in to. */
  readonly action: 'signIn' | 'repair'
  readonly onAct: () => void
}

/** What one sees before one is signed in: one button, and what is wrong if something is. */
export function SignInScreen({ problem, busy, action, onAct }: SignInScreenProps): ReactNode {
  const { product, lead, signIn: words } = useWords()
  return (
    <div className="flex min-h-dvh flex-col bg-paper text-ink">
      <header className="px-4 pt-3 sm:px-6">
        <h1 className="flex min-h-11 items-center font-serif text-xl font-medium tracking-tight">{product}</h1>
      </header>
      <main className="flex flex-1 flex-col items-center justify-center gap-7 px-4 pb-24 text-center">
        <div className="flex flex-col items-center gap-3">
          <p className="font-serif text-5xl leading-none tracking-tight sm:text-6xl">{lead}</p>
          <p className="max-w-md text-lg text-balance text-soft">{words.leadText}</p>
        </div>
        {problem ? <ProblemBox {...problem} {...words.problems[problem.code]} /> : null}
        <Button kind="primary" className="min-h-14 px-9 text-lg" disabled={busy} onClick={onAct}>
          {busy ? words.busy : action === 'signIn' ? words.start : words.tryAgain}
        </Button>
      </main>
    </div>
  )
}
