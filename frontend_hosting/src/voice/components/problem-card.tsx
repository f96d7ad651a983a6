import type { ReactNode } from 'react'

import type { Problem } from '../problems.ts'
import { strings } from '../strings.ts'

/** What is wrong, in the service's own words where it gave some, and what helps. */
export function ProblemCard({ problem }: { readonly problem: Problem }): ReactNode {
  const { title, remedy } = strings.problems[problem.code]
  return (
    <div
      role="alert"
      data-problem={problem.code}
      className="w-full max-w-md rounded-2xl border border-danger/40 bg-surface px-5 py-4 text-left forced-colors:border-2"
    >
      <p className="font-semibold text-danger">{title}</p>
      {problem.detail === null ? null : <p className="mt-1 text-[0.9375rem]">{problem.detail}</p>}
      <p className="mt-1 text-[0.9375rem] text-soft">{remedy}</p>
    </div>
  )
}
