import type { ReactNode } from 'react'

import type { VoiceState } from '../session.ts'
import { strings } from '../strings.ts'

type Link = keyof typeof strings.connection

const DOTS: Readonly<Record<Link, string>> = {
  idle: 'bg-edge',
  connecting: 'bg-warn animate-pulse',
  live: 'bg-accent',
  leaving: 'bg-warn',
  reconnecting: 'bg-warn animate-pulse',
  failed: 'bg-danger',
}

/** The state of the line, and how long a message takes there and back. */
export function ConnectionPill({ state }: { readonly state: VoiceState }): ReactNode {
  const link = linkOf(state)
  return (
    <p className="flex min-h-8 shrink-0 items-center gap-2 rounded-full border border-line bg-surface px-3 text-[0.8125rem] text-soft" data-connection={link}>
      <span aria-hidden="true" className={`h-2 w-2 rounded-full forced-colors:border ${DOTS[link]}`} />
      <span>{strings.connection[link]}</span>
      {link === 'live' && state.roundTripMs !== null ? (
        <span className="tabular-nums max-sm:hidden">{strings.roundTrip(Math.round(state.roundTripMs))}</span>
      ) : null}
    </p>
  )
}

function linkOf({ call }: VoiceState): Link {
  switch (call.status) {
    case 'opening':
      return 'connecting'
    case 'live':
      return call.leaving ? 'leaving' : 'live'
    case 'reconnecting':
    case 'failed':
      return call.status
    default:
      return 'idle'
  }
}
