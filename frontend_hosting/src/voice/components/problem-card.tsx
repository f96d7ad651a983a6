import type { ReactNode } from 'react'

import { ProblemBox } from '../../ui/problem-box.tsx'
import type { Problem } from '../problems.ts'
import { useWords } from '../words/use-words.ts'

/** What keeps a call from going on. */
export function ProblemCard({ problem }: { readonly problem: Problem }): ReactNode {
  return <ProblemBox {...problem} {...useWords().problems[problem.code]} />
}
