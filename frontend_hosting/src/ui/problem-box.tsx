import type { ReactNode } from 'react'

type Props = {
  readonly code: string
  readonly title: string
  /** A sentence of the service, which speaks English only. */
  readonly detail: string | null
  readonly remedy: string
}

/** What is wrong, in the service's own words where it gave some, and what helps. */
export function ProblemBox({ code, title, detail, remedy }: Props): ReactNode {
  return (
    <div role="alert" data-problem={code} className="w-full max-w-md rounded-2xl border border-danger/40 bg-surface px-5 py-4 text-left forced-colors:border-2">
      <p className="font-semibold text-danger">{title}</p>
      {detail === null ? null : <p lang="en" className="mt-1 text-[0.9375rem] wrap-anywhere">{detail}</p>}
      <p className="mt-1 text-[0.9375rem] text-soft">{remedy}</p>
    </div>
  )
}
