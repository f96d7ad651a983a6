import { type ReactNode, useState } from 'react'

import { Button } from '../../ui/button.tsx'
import type { VoiceState } from '../session.ts'
import { strings } from '../strings.ts'
import { textOf, type Thread } from '../thread.ts'
import { seconds } from './transcript.tsx'

/** After the call: how many answers, how fast, and the words to take along. */
export function CallSummary({ state }: { readonly state: VoiceState }): ReactNode {
  const [copied, setCopied] = useState(false)
  const { call, thread, times } = state
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(plainText(thread))
    setCopied(true)
  }
  return (
    <div className="flex flex-col items-center gap-3 text-center text-soft">
      {call.status === 'ended' ? <p>{strings.ended[call.why]}</p> : null}
      {times.length > 0 ? <p className="tabular-nums">{strings.summary(times.length, typical(times))}</p> : null}
      {thread.length > 0 ? (
        <Button kind="plain" onClick={() => void copy()}>{copied ? strings.copied : strings.copy}</Button>
      ) : null}
    </div>
  )
}

/** The median: one slow answer says little about the others. */
function typical(times: VoiceState['times']): string {
  const sorted = times.map(({ ms }) => ms).toSorted((a, b) => a - b)
  return seconds(sorted[Math.floor((sorted.length - 1) / 2)] ?? 0)
}

export function plainText(thread: Thread): string {
  return thread
    .map((entry) => {
      if (entry.kind === 'note') return `(${strings.notes[entry.note]})`
      return `${entry.role === 'user' ? strings.you : strings.assistant}: ${textOf(entry).spoken}`
    })
    .join('\n')
}
