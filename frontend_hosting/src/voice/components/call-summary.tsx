import { type ReactNode, useState } from 'react'

import { Button } from '../../ui/button.tsx'
import type { VoiceState } from '../session.ts'
import type { Words } from '../words/en.ts'
import { seconds } from '../words/numbers.ts'
import { useWords } from '../words/use-words.ts'
import { textOf, type Thread } from '../thread.ts'

/** After the call: how many answers, how fast, and the words to take along. */
export function CallSummary({ state }: { readonly state: VoiceState }): ReactNode {
  const words = useWords()
  const [copied, setCopied] = useState(false)
  const { call, thread, times } = state
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(plainText(thread, words))
    setCopied(true)
  }
  return (
    <div className="flex flex-col items-center gap-3 text-center text-soft">
      {call.status === 'ended' ? <p>{words.ended[call.why]}</p> : null}
      {times.length > 0 ? <p className="tabular-nums">{words.summary(times.length, typical(times, words.locale))}</p> : null}
      {thread.length > 0 ? (
        <Button kind="plain" onClick={() => void copy()}>{copied ? words.copied : words.copy}</Button>
      ) : null}
    </div>
  )
}

/** The median: one slow answer says little about the others. */
function typical(times: VoiceState['times'], locale: string): string {
  const sorted = times.map(({ ms }) => ms).toSorted((a, b) => a - b)
  return seconds(sorted[Math.floor((sorted.length - 1) / 2)] ?? 0, locale)
}

export function plainText(thread: Thread, words: Words): string {
  return thread
    .map((entry) => {
      if (entry.kind === 'note') return `(${words.notes[entry.note]})`
      return `${entry.role === 'user' ? words.you : words.assistant}: ${textOf(entry).spoken}`
    })
    .join('\n')
}
