import type { ReactNode } from 'react'

import { ProblemBox } from '../../ui/problem-box.tsx'
import type { ErrorCode } from '../error-codes.ts'
import type { Problem } from '../problems.ts'
import { useWords } from '../words/use-words.ts'

/** What keeps a call, or anything else, from going on: the service's reason if it gave one, else what the page knows. */
export function ProblemCard({ problem }: { readonly problem: Problem }): ReactNode {
  const words = useWords()
  const { code, detail, error } = problem
  if (error === undefined) return <ProblemBox code={code} detail={detail} {...words.problems[code]} />
  return <ProblemBox code={code} detail={MORE_THAN_THE_CODE.has(error) ? detail : null} {...words.errors[error]} />
}

/** Of these the service's own sentence, in English, says more than the words of the page do. */
const MORE_THAN_THE_CODE: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['protocol_error', 'forbidden', 'budget_spent', 'going_away', 'at_capacity'])
