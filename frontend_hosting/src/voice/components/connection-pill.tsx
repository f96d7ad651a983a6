import type { ReactNode } from 'react'

import type { VoiceState } from '../call-state.ts'
import type { Words } from '../words/en.ts'
import { useWords } from '../words/use-words.ts'
import { useCountdown } from './use-countdown.ts'

type Link = keyof Words['connection']

const DOTS: Readonly<Record<Link, string>> = {
  idle: 'bg-edge',
  connecting: 'bg-warn animate-pulse',
  live: 'bg-accent',
  leaving: 'bg-warn',
  ending: 'bg-warn',
  reconnecting: 'bg-warn animate-pulse',
  failed: 'bg-danger',
}

/** The state of the line, and how long a message takes there and back. */
export function ConnectionPill({ state }: { readonly state: VoiceState }): ReactNode {
  const words = useWords()
  const link = linkOf(state)
  const leftS = useCountdown(state.call.status === 'reconnecting' ? state.call.retryAtMs : null)
  return (
    <p className="flex min-h-8 items-center whitespace-nowrap gap-2 rounded-full border border-line bg-surface px-3 text-[0.8125rem] text-soft" data-connection={link}>
      <span aria-hidden="true" className={`h-2 w-2 shrink-0 rounded-full forced-colors:border ${DOTS[link]}`} />
      <span className="truncate">{words.connection[link]}</span>
      {leftS === null || leftS === 0 ? null : <span className="tabular-nums" data-retry-s={leftS}>{words.retrySeconds(String(leftS))}</span>}
      {link === 'live' && state.roundTripMs !== null ? (
        <span className="hidden tabular-nums @[40rem]:inline">{words.roundTrip(Math.round(state.roundTripMs))}</span>
      ) : null}
    </p>
  )
}

function linkOf({ call }: VoiceState): Link {
  switch (call.status) {
    case 'opening':
      return 'connecting'
    case 'live':
      if (call.leaving === null) return 'live'
      return call.leaving === 'deploy' ? 'leaving' : 'ending'
    case 'reconnecting':
    case 'failed':
      return call.status
    default:
      return 'idle'
  }
}
