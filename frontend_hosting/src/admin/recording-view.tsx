import { type ChangeEvent, type ReactNode, useState } from 'react'

import { WaterfallList } from '../voice/components/waterfall-list.tsx'
import { dollars } from '../voice/words/numbers.ts'
import { useWords } from '../voice/words/use-words.ts'
import { readRecording, type Seen, type TurnSeen } from './recording.ts'
import type { AdminWords } from './words.ts'

const HEIGHT = 60

/** The developer's view: a recording from a file, drawn over its time. It goes nowhere; the file stays on this machine. */
export function RecordingView({ words }: { readonly words: AdminWords }): ReactNode {
  const [seen, setSeen] = useState<Seen | 'none' | null>(null)
  const open = async (event: ChangeEvent<HTMLInputElement>): Promise<void> => {
    const text = await event.target.files?.[0]?.text()
    if (text !== undefined) setSeen(readRecording(text) ?? 'none')
  }
  return (
    <div className="flex flex-col gap-3 text-sm">
      <label className="flex flex-col gap-2">
        <span>{words.openRecording}</span>
        <input type="file" accept=".jsonl,application/x-ndjson" onChange={(event) => void open(event)} />
      </label>
      {seen === 'none' ? <p role="alert">{words.noRecording}</p> : null}
      {seen !== null && seen !== 'none' ? <Timeline seen={seen} words={words} /> : null}
    </div>
  )
}

type Happening = { readonly atS: number; readonly text: string; readonly soft: boolean }

function Timeline({ seen, words }: { readonly seen: Seen; readonly words: AdminWords }): ReactNode {
  const length = Math.max(seen.lengthS, 0.1)
  const happenings: readonly Happening[] = [
    ...seen.states.map(({ fromS, state }) => ({ atS: fromS, text: state, soft: true })),
    ...seen.words.map(({ atS, role, text }) => ({ atS, text: `${role}: ${text}`, soft: false })),
  ].toSorted((a, b) => a.atS - b.atS)
  return (
    <>
      <p className="text-soft tabular-nums">{seen.sessionId}, {seen.lengthS.toFixed(1)} s{seen.truncated ? `. ${words.truncated}` : ''}</p>
      <svg role="img" aria-label={words.waveform} viewBox={`0 0 ${length} ${2 * HEIGHT}`} preserveAspectRatio="none" className="h-32 w-full border-y border-line">
        {seen.user.map(({ atS, level }) => (
          <rect key={`u${atS}`} x={atS} width={0.08} y={HEIGHT - level * HEIGHT} height={level * HEIGHT} className="fill-user" />
        ))}
        {seen.assistant.map(({ atS, level }) => (
          <rect key={`a${atS}`} x={atS} width={0.08} y={HEIGHT} height={level * HEIGHT} className="fill-accent" />
        ))}
        {seen.states.map(({ fromS, state }) => (
          <rect key={`s${fromS}${state}`} x={fromS} width={length / 600} y={0} height={2 * HEIGHT} className="fill-soft"><title>{state}</title></rect>
        ))}
      </svg>
      <ol className="flex flex-col gap-1">
        {happenings.map(({ atS, text, soft }) => (
          <li key={`${atS}${text}`} className={soft ? 'text-soft' : ''}>
            {/* As wide as the waveform above, so that the mark stands below its sound. */}
            <span aria-hidden="true" data-at-s={atS.toFixed(3)} className="block h-1 bg-line">
              <span className="block h-full w-1 bg-accent" style={{ marginInlineStart: `min(${((atS / length) * 100).toFixed(2)}%, calc(100% - 0.25rem))` }} />
            </span>
            <span className="tabular-nums">{atS.toFixed(3)} s</span> {text}
          </li>
        ))}
      </ol>
      {seen.turns.map((turn) => <TurnView key={`${turn.atS}`} turn={turn} words={words} />)}
    </>
  )
}

function TurnView({ turn: { turn, outcome, costUsd, waterfall }, words }: { readonly turn: TurnSeen; readonly words: AdminWords }): ReactNode {
  const { locale } = useWords()
  const title = words.turnFigures(String(turn))
  return (
    <section aria-label={title} className="rounded-2xl border border-line p-4">
      <h3 className="mb-2 flex justify-between gap-3 font-semibold">
        <span>{title}</span>
        <span className="tabular-nums" data-cost-usd={costUsd}>{dollars(costUsd, locale)}</span>
      </h3>
      <p className="mb-2 text-soft">{words.outcomes[outcome as keyof AdminWords['outcomes']] ?? outcome}</p>
      {waterfall ? <WaterfallList waterfall={waterfall} /> : null}
    </section>
  )
}
