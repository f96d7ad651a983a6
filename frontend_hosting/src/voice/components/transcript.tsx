import { memo, type ReactNode, useEffect, useRef } from 'react'

import { seconds } from '../words/numbers.ts'
import { useWords } from '../words/use-words.ts'
import { type Entry, type Said, textOf, type Thread, type Tool } from '../thread.ts'

/** `language`: of what is said, which need not be the page's. */
type Props = {
  readonly thread: Thread
  readonly announce: boolean
  readonly language: string | null
  readonly label?: string
  /** One that is over is read from its beginning. */
  readonly startAtTop?: boolean
}

/** How near to the end one must be for new words to scroll into view. */
const NEAR_PX = 80

/** Everything said and typed, newest last. */
export function Transcript({ thread, announce, language, label, startAtTop = false }: Props): ReactNode {
  const words = useWords()
  const boxRef = useRef<HTMLDivElement>(null)
  const followRef = useRef(!startAtTop)

  useEffect(() => {
    const box = boxRef.current
    if (box && followRef.current) box.scrollTop = box.scrollHeight
  }, [thread])

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
      onScroll={({ currentTarget: box }) => {
        followRef.current = !startAtTop && box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX
      }}
      className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-5 py-4 -outline-offset-3"
    >
      {thread.length === 0 ? <p className="pt-2 text-center text-soft">{words.emptyThread}</p> : null}
      <ol className="flex flex-col gap-5">
        {thread.map((entry) => (
          <Line key={entry.id} entry={entry} language={language} />
        ))}
      </ol>
    </div>
  )
}

const TOOL_DOTS: Readonly<Record<Tool['status'], string>> = {
  started: 'animate-pulse bg-warn', finished: 'bg-accent', failed: 'bg-danger',
}

const Line = memo(function Line({ entry, language }: { readonly entry: Entry; readonly language: string | null }): ReactNode {
  const words = useWords()
  if (entry.kind === 'note') {
    return <li className="rounded-xl border border-line px-4 py-3 text-sm text-soft">{words.notes[entry.note]}</li>
  }
  if (entry.kind === 'tool') {
    return (
      <li data-tool={entry.status} className="flex items-center gap-2 text-sm text-soft">
        <span aria-hidden="true" className={`h-2 w-2 rounded-full forced-colors:border ${TOOL_DOTS[entry.status]}`} />
        {words.tool[entry.status](entry.name)}
      </li>
    )
  }
  return <SaidLine said={entry} language={language} />
})

function SaidLine({ said, language }: { readonly said: Said; readonly language: string | null }): ReactNode {
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
        {spoken}
        {said.outcome === 'interrupted' && spoken !== '' ? ' —' : ''}
        {coming === '' ? null : (
          // While it is being said the ears have it; afterwards nothing else has.
          <span aria-hidden={said.outcome === 'open'} className="text-soft">{spoken === '' ? '' : ' '}{coming}</span>
        )}
      </p>
    </li>
  )
}
