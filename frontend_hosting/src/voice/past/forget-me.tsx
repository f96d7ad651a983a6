import type { ReactNode } from 'react'

import { ProblemCard } from '../components/problem-card.tsx'
import { useWords } from '../words/use-words.ts'
import { Confirm } from './confirm.tsx'
import type { LibraryState } from './library.ts'

type Props = { readonly state: LibraryState; readonly onForget: () => Promise<void>; readonly onKeep: () => void }

/** Everything goes; what that is, and what it is not, is said before. */
export function ForgetMe({ state, onForget, onKeep }: Props): ReactNode {
  const { past } = useWords()
  return (
    <div className="overflow-y-auto p-4">
      <Confirm
        ask={past.forgetAsk}
        texts={[past.forgetGoes, past.forgetStays]}
        doIt={past.forgetDo}
        keep={past.keepAll}
        busy={state.busy}
        onDo={() => void onForget()}
        onKeep={onKeep}
      >
        {state.problem ? <ProblemCard problem={state.problem} /> : null}
      </Confirm>
    </div>
  )
}
