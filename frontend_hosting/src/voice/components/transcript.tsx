import { memo, type ReactNode, useEffect, useRef } from 'react'

import { strings } from '../strings.ts'
import { type Entry, type Said, textOf, type Thread } from '../thread.ts'

type Props = { readonly thread: Thread; readonly announce: boolean }

/** How near to the end one must be for new words to scroll into view. */
const NEAR_PX = 80

/** Everything said and typed, newest last. */
export function Transcript({ thread, announce }: Props): ReactNode {
  const boxRef = useRef<HTMLDivElement>(null)
  const followRef = useRef(true)

  useEffect(() => {
    const box = boxRef.current
    if (box && followRef.current) box.scrollTop = box.scrollHeight
  }, [thread])

  return (
    <div
      ref={boxRef}
      role="log"
      aria-label={strings.thread}
      // A reader that speaks while the assistant does drowns both, so it is asked for, not given.
      aria-live={announce ? 'polite' : 'off'}
      // Scrollable with the keyboard.
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      onScroll={({ currentTarget: box }) => {
        followRef.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX
      }}
      className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-5 py-4 -outline-offset-3"
    >
      {thread.length === 0 ? <p className="pt-2 text-center text-soft">{strings.emptyThread}</p> : null}
      <ol className="flex flex-col gap-5">
        {thread.map((entry) => (
          <Line key={entry.id} entry={entry} />
        ))}
      </ol>
    </div>
  )
}

const Line = memo(function Line({ entry }: { readonly entry: Entry }): ReactNode {
  if (entry.kind === 'note') {
    return <li className="rounded-xl border border-line px-4 py-3 text-sm text-soft">{strings.notes[entry.note]}</li>
  }
  return <SaidLine said={entry} />
})

function SaidLine({ said }: { readonly said: Said }): ReactNode {
  const { spoken, coming } = textOf(said)
  const mine = said.role === 'user'
  return (
    <li data-role={said.role} data-outcome={said.outcome}>
      <p className="mb-0.5 flex items-baseline gap-2 text-[0.8125rem]">
        <span className={`font-semibold ${mine ? 'text-user' : 'text-accent'}`}>{mine ? strings.you : strings.assistant}</span>
        {said.via === 'text' ? <span className="text-soft">{strings.typed}</span> : null}
        {said.outcome === 'interrupted' ? <span className="text-soft">{strings.interrupted}</span> : null}
        {said.responseMs === null ? null : (
          <span className="ml-auto text-soft tabular-nums" title={strings.responseTimeMeaning} data-response-ms={Math.round(said.responseMs)}>
            {strings.responseTime(seconds(said.responseMs))}
          </span>
        )}
      </p>
      <p className="text-[1.0625rem] leading-relaxed break-words">
        {spoken}
        {said.outcome === 'interrupted' && spoken !== '' ? ' —' : ''}
        {coming === '' ? null : (
          <span aria-hidden="true" className="text-soft">{spoken === '' ? '' : ' '}{coming}</span>
        )}
      </p>
    </li>
  )
}

export function seconds(ms: number): string {
  return (ms / 1000).toFixed(1)
}
