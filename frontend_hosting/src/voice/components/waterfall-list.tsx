import type { ReactNode } from 'react'

import { PARTS, type Waterfall } from '../protocol.ts'
import { seconds } from '../words/numbers.ts'
import { useWords } from '../words/use-words.ts'

/** Each part of the way from the last word to the first sound, as a bar that begins where the one before it ended. */
export function WaterfallList({ waterfall }: { readonly waterfall: Waterfall }): ReactNode {
  const words = useWords()
  const share = (ms: number): string => `${(waterfall.totalMs > 0 ? (ms / waterfall.totalMs) * 100 : 0).toFixed(1)}%`
  const fromMs = (at: number): number => PARTS.slice(0, at).reduce((sum, part) => sum + (waterfall[part] ?? 0), 0)
  return (
    <ul className="flex flex-col gap-2 text-sm" data-total-ms={waterfall.totalMs}>
      {PARTS.map((part, at) => {
        const ms = waterfall[part]
        return (
          <li key={part} data-part={part} data-ms={ms ?? ''}>
            <span className="flex justify-between gap-3">
              <span className="text-soft">{words.waterfall.parts[part]}</span>
              <span className="tabular-nums">{ms === null ? words.waterfall.unknown : words.roundTrip(Math.round(ms))}</span>
            </span>
            <span aria-hidden="true" className="mt-1 block h-1.5 rounded-full bg-line forced-colors:border">
              <span
                className="block h-full min-w-px rounded-full bg-accent forced-colors:bg-[Highlight]"
                style={{ width: share(ms ?? 0), marginInlineStart: share(fromMs(at)) }}
              />
            </span>
          </li>
        )
      })}
      <li className="flex justify-between gap-3 font-semibold">
        <span>{words.waterfall.total}</span>
        <span className="tabular-nums">{words.spanSeconds(seconds(waterfall.totalMs, words.locale))}</span>
      </li>
    </ul>
  )
}
