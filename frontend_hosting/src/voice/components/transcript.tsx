import { memo, type ReactNode } from 'react'

import type { Meters } from '../meters.ts'
import { seconds } from '../words/numbers.ts'
import { useWords } from '../words/use-words.ts'
import { type Entry, type Said, textOf, type Thread, type Tool } from '../thread.ts'
import { useFollowedEnd } from './use-followed-end.ts'
import { WordsBeingSaid } from './words-being-said.tsx'

/** `language`: of what is said, which need not be the page's. */
type Props = {
  readonly thread: Thread
  readonly announce: boolean
  readonly language: string | null
  readonly label?: string
  /** Of the call that goes on: by them the word is found that is heard. */
  readonly meters?: Meters
  /** One that is over is read from its beginning. */
  readonly startAtTop?: boolean
}

/** Everything said and typed, newest last. */
export function Transcript({ thread, announce, language, label, meters, startAtTop = false }: Props): ReactNode {
  const words = useWords()
  const { boxRef, onScroll } = useFollowedEnd(thread, !startAtTop)

  return (
    <div
      ref={boxRef}
      role="log"
      aria-label={label ?? words.thread}
      // A reader that speaks while the assistant does drowns both, so it is asked for, not given.
      aria-live={announce ? 'polite' : 'off'}
      // Scrollable with the keyboard.
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      onScroll={onScroll}
      className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-5 py-4 -outline-offset-3"
    >
      {thread.length === 0 ? <p className="pt-2 text-center text-soft">{words.emptyThread}</p> : null}
      <ol className="flex flex-col gap-5">
        {thread.map((entry) => (
          <Line key={entry.id} entry={entry} language={language} meters={meters} />
        ))}
      </ol>
    </div>
  )
}

const TOOL_DOTS: Readonly<Record<Tool['status'], string>> = {
  started: 'animate-pulse bg-warn', finished: 'bg-accent', failed: 'bg-danger',
}

/** Tools are named for programs. */
const spelt = (name: string): string => name.replaceAll(/[_-]+/gu, ' ')

type LineProps = Pick<Props, 'language'> & { readonly entry: Entry; readonly meters: Meters | undefined }

const Line = memo(function Line({ entry, language, meters }: LineProps): ReactNode {
  const words = useWords()
  if (entry.kind === 'note') {
    return <li className="rounded-xl border border-line px-4 py-3 text-sm text-soft">{words.notes[entry.note]}</li>
  }
  if (entry.kind === 'tool') {
    return (
      <li data-tool={entry.status} className="flex items-center gap-2 text-sm text-soft">
        <span aria-hidden="true" className={`h-2 w-2 rounded-full forced-colors:border ${TOOL_DOTS[entry.status]}`} />
        {words.tool[entry.status](spelt(entry.name))}
      </li>
    )
  }
  return <SaidLine said={entry} language={language} meters={meters} />
})

function SaidLine({ said, language, meters }: Omit<LineProps, 'entry'> & { readonly said: Said }): ReactNode {
  const words = useWords()
  const { spoken, coming } = textOf(said)
  const mine = said.role === 'user'
  return (
    <li data-role={said.role} data-outcome={said.outcome}>
      <p className="mb-0.5 flex items-baseline gap-2 text-[0.8125rem]">
        <span className={`font-semibold ${mine ? 'text-user' : 'text-accent'}`}>{mine ? words.you : words.assistant}</span>
        {said.via === 'text' ? <span className="text-soft">{words.typed}</span> : null}
        {said.outcome === 'interrupted' ? <span className="text-soft">{words.interrupted}</span> : null}
        {said.responseMs === null ? null : (
          <span className="ml-auto text-soft tabular-nums" title={words.responseTimeMeaning} data-response-ms={Math.round(said.responseMs)}>
            {words.responseTime(seconds(said.responseMs, words.locale))}
          </span>
        )}
      </p>
      <p lang={language ?? undefined} className="text-[1.0625rem] leading-relaxed break-words">
        {said.outcome === 'open' && meters ? <WordsBeingSaid said={said} meters={meters} /> : (
          <>
            {spoken}
            {said.outcome === 'interrupted' && spoken !== '' ? ' —' : ''}
            {coming === '' ? null : <span className="text-soft">{spoken === '' ? '' : ' '}{coming}</span>}
          </>
        )}
      </p>
    </li>
  )
}
