import { type ReactNode, useId } from 'react'

type Bar = { readonly label: string; readonly value: number; readonly shown: string }

const HEIGHT = 96
const GAP = 0.2

/** Bars over time; the same as a table below, for whoever cannot see them or wants the numbers. */
export function BarChart({ title, bars, asTable, columns }: {
  readonly title: string
  readonly bars: readonly Bar[]
  readonly asTable: string
  readonly columns: readonly [string, string]
}): ReactNode {
  const id = useId()
  const most = Math.max(1e-9, ...bars.map(({ value }) => value))
  const highest = bars.toSorted((a, b) => b.value - a.value)[0]
  return (
    <figure className="rounded-2xl border border-line p-4">
      <figcaption id={id} className="mb-3 flex justify-between gap-3 text-sm">
        <span className="font-semibold">{title}</span>
        {highest ? <span className="text-soft tabular-nums">≤ {highest.shown}</span> : null}
      </figcaption>
      <svg role="img" aria-labelledby={id} viewBox={`0 0 ${bars.length} ${HEIGHT}`} preserveAspectRatio="none" className="h-24 w-full text-accent">
        {bars.map(({ label, value, shown }, at) => (
          <rect
            key={label} x={at + GAP / 2} width={1 - GAP} y={HEIGHT - (value / most) * HEIGHT} height={(value / most) * HEIGHT}
            fill="currentColor"
          >
            <title>{`${label}: ${shown}`}</title>
          </rect>
        ))}
      </svg>
      <div aria-hidden="true" className="mt-1 flex justify-between text-xs text-soft tabular-nums">
        <span>{bars[0]?.label}</span>
        <span>{bars.at(-1)?.label}</span>
      </div>
      <details className="mt-2 text-sm">
        <summary className="min-h-8 cursor-pointer text-soft">{asTable}</summary>
        <table className="mt-2 w-full tabular-nums">
          <caption className="sr-only">{title}</caption>
          <thead><tr><th scope="col" className="text-start">{columns[0]}</th><th scope="col" className="text-end">{columns[1]}</th></tr></thead>
          <tbody>
            {bars.map(({ label, shown }) => (
              <tr key={label}><th scope="row" className="text-start font-normal">{label}</th><td className="text-end">{shown}</td></tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  )
}
