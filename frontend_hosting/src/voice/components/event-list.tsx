import { type ReactNode, useId, useState, useSyncExternalStore } from 'react'

import { Button } from '../../ui/button.tsx'
import { type EventLog, type EventSource, lineOf, matching } from '../event-log.ts'
import { useWords } from '../words/use-words.ts'
import { useCopy } from './use-copy.ts'

const SOURCES: readonly EventSource[] = ['page', 'service', 'sound']

/** Every event of the page's calls, newest first, filtered by source and text. */
export function EventList({ log }: { readonly log: EventLog }): ReactNode {
  const words = useWords()
  const id = useId()
  const events = useSyncExternalStore(log.subscribe, log.getEvents)
  const [source, setSource] = useState<EventSource | null>(null)
  const [text, setText] = useState('')
  const [told, copy] = useCopy()
  const shown = matching(events, source, text)
  return (
    <div className="flex flex-col gap-2">
      <div className="flex gap-2">
        <input
          type="search"
          value={text}
          onChange={(event) => setText(event.target.value)}
          aria-label={words.filterEvents}
          placeholder={words.filterEvents}
          className="min-h-11 min-w-0 flex-1 rounded-full border border-edge bg-raised px-4 text-[0.9375rem] text-ink placeholder:text-soft"
        />
        <select
          value={source ?? ''}
          onChange={(event) => setSource(SOURCES.find((known) => known === event.target.value) ?? null)}
          aria-label={`${words.filterEvents}: ${words.events}`}
          className="min-h-11 rounded-full border border-edge bg-raised px-3 text-[0.9375rem] text-ink"
        >
          <option value="">{words.allSources}</option>
          {SOURCES.map((known) => <option key={known} value={known}>{words.sources[known]}</option>)}
        </select>
      </div>
      <div className="flex items-center gap-3">
        <p id={id} className="mr-auto text-sm text-soft tabular-nums">{words.eventCount(String(shown.length), String(events.length))}</p>
        <span aria-live="polite" className="text-sm text-soft">{told}</span>
        <Button kind="plain" onClick={() => void copy(shown.map(lineOf).join('\n'))}>
          {words.copyEvents}
        </Button>
      </div>
      <ol
        aria-labelledby={id}
        // Scrollable with the keyboard.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        className="h-56 overflow-y-auto rounded-2xl border border-line bg-surface px-3 py-2 font-mono text-xs leading-relaxed -outline-offset-3"
      >
        {shown.toReversed().map((event) => (
          <li key={event.id} className="break-all">
            <span className="text-soft tabular-nums">{new Date(event.atMs).toISOString().slice(11, 23)}</span>{' '}
            <span className="text-accent">{words.sources[event.source]}</span> <span className="font-semibold">{event.name}</span>{' '}
            <span className="text-soft">{event.detail}</span>
          </li>
        ))}
      </ol>
    </div>
  )
}
