import { type ReactNode, useState } from 'react'

import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/text-field.tsx'
import { ProblemCard } from '../components/problem-card.tsx'
import { useWords } from '../words/use-words.ts'
import { matching, type PastConversation } from './conversations.ts'
import { byDay, timeOfDay } from './days.ts'
import type { LibraryState } from './library.ts'

type Props = {
  readonly state: LibraryState
  readonly nowMs: number
  readonly signInAgain: ReactNode
  readonly onRead: (id: string) => void
  readonly onOlder: () => void
  readonly onRetry: () => void
  readonly onForget: () => void
}

/** Whoever has fewer finds what is looked for by looking. */
const WORTH_SEARCHING = 6

/** The newest first, by day; with a search among those that were fetched. */
export function PastList({ state, nowMs, signInAgain, onRead, onOlder, onRetry, onForget }: Props): ReactNode {
  const words = useWords()
  const { past } = words
  const [query, setQuery] = useState('')
  const { list, conversations, next, problem, reading } = state
  const found = matching(conversations, query)
  const searched = query.trim() !== ''
  return (
    <>
      {conversations.length >= WORTH_SEARCHING ? (
        <div className="border-b border-line p-4"><TextField type="search" label={past.search} value={query} onText={setQuery} /></div>
      ) : null}
      {/* The focus comes here when what had it is gone; and it scrolls with the keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div data-past="list" role="group" tabIndex={0} aria-label={past.back} aria-busy={list === 'loading'} className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-3 py-3 -outline-offset-3">
        {byDay(found, ({ begunAtMs }) => begunAtMs, nowMs, words.locale).map(({ name, entries }) => (
          <div key={name} className="mb-3">
            <h3 className="px-2 py-1 text-[0.8125rem] font-semibold text-soft">{name}</h3>
            <ul>
              {entries.map((entry) => (
                <Row key={entry.id} entry={entry} current={reading.status !== 'none' && reading.id === entry.id} onRead={() => onRead(entry.id)} />
              ))}
            </ul>
          </div>
        ))}
        <div className="flex flex-col items-center gap-3 p-2 text-center">
          {list === 'loading' ? <Waiting text={past.loading} rows={conversations.length === 0 ? 4 : 1} /> : null}
          {list === 'failed' && problem ? (
            <>
              <ProblemCard problem={problem} />
              {problem.code === 'signInRequired' ? signInAgain : <Button onClick={conversations.length === 0 ? onRetry : onOlder}>{words.retryOptions}</Button>}
            </>
          ) : null}
          {list === 'there' && conversations.length === 0 ? <Empty /> : null}
          {searched && found.length === 0 && conversations.length > 0 ? <p className="text-soft">{past.noMatch(query.trim())}</p> : null}
          {searched && next !== null ? <p className="text-sm text-soft">{past.unsearched}</p> : null}
          {next !== null && list === 'there' ? <Button onClick={onOlder}>{past.older}</Button> : null}
        </div>
      </div>
      {list === 'failed' && conversations.length === 0 ? null : (
        <div className="border-t border-line px-3 py-1"><Button kind="plain" className="text-[0.9375rem]" onClick={onForget}>{past.forget}</Button></div>
      )}
    </>
  )
}

type RowProps = { readonly entry: PastConversation; readonly current: boolean; readonly onRead: () => void }

function Row({ entry, current, onRead }: RowProps): ReactNode {
  const { past, locale } = useWords()
  return (
    <li>
      <button
        type="button"
        data-conversation={entry.id}
        aria-current={current}
        onClick={onRead}
        className="flex min-h-14 w-full flex-col justify-center rounded-2xl border border-transparent px-3 py-2 text-left hover:border-edge aria-[current=true]:border-line aria-[current=true]:bg-surface forced-colors:aria-[current=true]:border-2"
      >
        <span className="line-clamp-2 text-base leading-snug">{entry.title ?? past.untitled}</span>
        <span className="text-[0.8125rem] text-soft tabular-nums">{timeOfDay(entry.begunAtMs, locale)} · {past.turns(entry.turnCount)}</span>
      </button>
    </li>
  )
}

function Empty(): ReactNode {
  const { none, noneText } = useWords().past
  return (
    <div className="mx-auto max-w-xs py-10">
      <p className="font-serif text-2xl">{none}</p>
      <p className="mt-2 text-soft">{noneText}</p>
    </div>
  )
}

/** The shape of what is to come; the words are for those who do not see it. */
export function Waiting({ text, rows }: { readonly text: string; readonly rows: number }): ReactNode {
  return (
    <div className="w-full animate-pulse">
      <span className="sr-only">{text}</span>
      {Array.from({ length: rows }, (_, row) => (
        // Nothing but their number tells them apart.
        // oxlint-disable-next-line react/no-array-index-key
        <div key={row} aria-hidden="true" className="mb-3 h-12 rounded-2xl bg-line/60" />
      ))}
    </div>
  )
}
