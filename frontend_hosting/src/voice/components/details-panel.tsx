// Loaded when it is first opened: most people never ask.

import { type ReactNode, useEffect, useState } from 'react'

import type { Conversation } from '../conversation.ts'
import { summaryOf } from '../response-times.ts'
import type { VoiceState } from '../call-state.ts'
import type { Stages } from '../thread.ts'
import { dollars, seconds, whole } from '../words/numbers.ts'
import { useWords } from '../words/use-words.ts'
import { EventList } from './event-list.tsx'
import { WaterfallList } from './waterfall-list.tsx'

type Props = { readonly state: VoiceState; readonly conversation: Conversation }

/** How fast, how much, which session, and every event: for the curious and for developers. */
export function DetailsPanel({ state, conversation }: Props): ReactNode {
  const words = useWords()
  return (
    <div className="flex flex-col gap-6">
      <Section title={words.responseTimes}><ResponseTimes state={state} /></Section>
      {state.lastTurn?.waterfall ? (
        <Section title={words.waterfall.title}><WaterfallList waterfall={state.lastTurn.waterfall} /></Section>
      ) : null}
      <Section title={words.usage}><UsageTable state={state} /></Section>
      <Section title={words.session}><SessionTable state={state} conversation={conversation} /></Section>
      <Section title={words.events}><EventList log={conversation.log} /></Section>
    </div>
  )
}

function Section({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactNode {
  return (
    <section aria-label={title}>
      <h2 className="mb-2 text-[0.9375rem] font-semibold">{title}</h2>
      {children}
    </section>
  )
}

function ResponseTimes({ state }: { readonly state: VoiceState }): ReactNode {
  const words = useWords()
  const summary = summaryOf(state.times)
  if (!summary) return <p className="text-sm text-soft">{words.noResponses}</p>
  const shown = (ms: number): string => words.spanSeconds(seconds(ms, words.locale))
  return (
    <>
      <dl className="mb-3 grid grid-cols-3 gap-2 text-center">
        {([[words.lastTime, summary.lastMs], [words.medianTime, summary.medianMs], [words.p95Time, summary.p95Ms]] as const).map(([name, ms]) => (
          <div key={name} className="flex flex-col-reverse rounded-2xl border border-line px-2 py-2">
            <dt className="text-xs text-soft">{name}</dt>
            <dd className="font-serif text-xl tabular-nums">{shown(ms)}</dd>
          </div>
        ))}
      </dl>
      <StageBars stages={summary.stages} totalMs={summary.lastMs} />
    </>
  )
}

const STAGES = [['waitingMs', 'waiting', 'bg-user'], ['answeringMs', 'answering', 'bg-accent'], ['playingMs', 'playing', 'bg-warn']] as const

/** The last answer's time, cut into its parts: they add up to it. */
function StageBars({ stages, totalMs }: { readonly stages: Stages; readonly totalMs: number }): ReactNode {
  const words = useWords()
  return (
    <ul className="flex flex-col gap-2 text-sm">
      {STAGES.map(([key, name, colour]) => (
        <li key={key} data-stage={name} data-ms={Math.round(stages[key])}>
          <span className="flex justify-between gap-3">
            <span className="text-soft">{words.stages[name]}</span>
            <span className="tabular-nums">{words.spanSeconds(seconds(stages[key], words.locale))}</span>
          </span>
          <span aria-hidden="true" className="mt-1 block h-1.5 rounded-full bg-line forced-colors:border">
            <span
              className={`block h-full rounded-full ${colour} forced-colors:bg-[Highlight]`}
              style={{ width: `${totalMs > 0 ? ((stages[key] / totalMs) * 100).toFixed(1) : 0}%` }}
            />
          </span>
        </li>
      ))}
    </ul>
  )
}

function UsageTable({ state: { usage, lastTurn } }: { readonly state: VoiceState }): ReactNode {
  const words = useWords()
  if (!usage) return <p className="text-sm text-soft">{words.noUsage}</p>
  const { tokens } = words
  return (
    <Facts
      facts={[
        [tokens.heard, whole(usage.input.speechTokens, words.locale)],
        [tokens.read, whole(usage.input.textTokens, words.locale)],
        [tokens.spoken, whole(usage.output.speechTokens, words.locale)],
        [tokens.written, whole(usage.output.textTokens, words.locale)],
        [tokens.total, whole(usage.totalTokens, words.locale)],
        ...(typeof lastTurn?.costUsd === 'number' ? ([[words.waterfall.turnCost, dollars(lastTurn.costUsd, words.locale)]] as const) : []),
        ...(usage.costUsd === null ? [] : ([[words.waterfall.sessionCost, dollars(usage.costUsd, words.locale)]] as const)),
      ]}
    />
  )
}

const GAPS_EVERY_MS = 1000

function SessionTable({ state, conversation }: Props): ReactNode {
  const words = useWords()
  // Counted in place by the player; looked at now and then.
  const [underruns, setUnderruns] = useState(conversation.meters.underruns)
  useEffect(() => {
    const timer = setInterval(() => setUnderruns(conversation.meters.underruns), GAPS_EVERY_MS)
    return () => clearInterval(timer)
  }, [conversation])
  const ready = state.call.status === 'live' ? state.call.ready : null
  return (
    <Facts
      facts={[
        ...(ready ? ([[words.sessionId, ready.sessionId], [words.model, ready.model], [words.voice, `${ready.voice}, ${ready.language}`]] as const) : []),
        [words.roundTripTime, state.roundTripMs === null ? '–' : words.roundTrip(Math.round(state.roundTripMs))],
        [words.underruns, whole(underruns, words.locale)],
      ]}
    />
  )
}

function Facts({ facts }: { readonly facts: readonly (readonly [string, string])[] }): ReactNode {
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 text-sm">
      {facts.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-soft">{name}</dt>
          <dd className="text-right break-words tabular-nums">{value}</dd>
        </div>
      ))}
    </dl>
  )
}
