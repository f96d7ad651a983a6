import type { ReactNode } from 'react'

import { Button } from '../ui/button.tsx'
import { ProblemBox } from '../ui/problem-box.tsx'
import { SelectField } from '../ui/select-field.tsx'
import { Orb } from '../voice/components/orb.tsx'
import { ENDONYMS, type InterfaceLanguage, isInterfaceLanguage, LANGUAGES } from '../voice/words/catalogue.ts'
import { useWords } from '../voice/words/use-words.ts'
import type { SignInProblem } from './problems.ts'

export type SignInScreenProps = {
  readonly problem: SignInProblem | null
  /** On the way to the user pool or back. */
  readonly busy: boolean
  /** `repair`: the page itself is not ready yet, so there is nothing to sign in to. */
  readonly action: 'signIn' | 'repair'
  readonly onAct: () => void
  readonly language: InterfaceLanguage
  readonly onLanguage: (language: InterfaceLanguage) => void
  readonly dark: boolean
}

const QUIET = { microphone: 0, assistant: 0 }

/** What one sees before one is signed in: one button, and what is wrong if something is. */
export function SignInScreen({ problem, busy, action, onAct, language, onLanguage, dark }: SignInScreenProps): ReactNode {
  const { product, lead, interfaceLanguage, signIn: words } = useWords()
  return (
    <div className="flex min-h-dvh flex-col bg-paper text-ink">
      <header className="px-4 pt-3 sm:px-6">
        <h1 className="flex min-h-11 items-center font-serif text-xl font-medium tracking-tight">{product}</h1>
      </header>
      <main className="flex flex-1 flex-col items-center justify-center gap-6 px-4 py-4 text-center">
        <div className={problem ? 'h-[clamp(6rem,calc(100dvh-37rem),18rem)]' : 'h-[clamp(6rem,calc(100dvh-31rem),18rem)]'}>
          <Orb phase={problem ? 'failed' : busy ? 'connecting' : 'idle'} closed={false} dark={dark} meters={QUIET} />
        </div>
        <div className="flex flex-col items-center gap-3">
          <p className="font-serif text-5xl leading-none tracking-tight sm:text-6xl">{lead}</p>
          <p className="max-w-md text-lg text-balance text-soft">{words.leadText}</p>
        </div>
        {problem ? <ProblemBox {...problem} {...words.problems[problem.code]} /> : null}
        <Button kind="primary" className="min-h-14 px-9 text-lg" disabled={busy} onClick={onAct}>
          {busy ? words.busy : action === 'signIn' ? words.start : words.tryAgain}
        </Button>
      </main>
      <footer className="flex justify-center px-4 pb-6">
        <div className="flex w-full max-w-64">
          <SelectField
            label={interfaceLanguage}
            value={language}
            choices={LANGUAGES.map((known) => ({ value: known, label: ENDONYMS[known], lang: known }))}
            onChange={(value) => {
              if (isInterfaceLanguage(value)) onLanguage(value)
            }}
          />
        </div>
      </footer>
    </div>
  )
}
