import type { ReactNode } from 'react'

import { summaryOf } from '../response-times.ts'
import type { VoiceState } from '../call-state.ts'
import { seconds } from '../words/numbers.ts'
import { useWords } from '../words/use-words.ts'

/** After the call: why it ended, how many answers there were and how fast. */
export function CallSummary({ state: { call, times } }: { readonly state: VoiceState }): ReactNode {
  const words = useWords()
  const summary = summaryOf(times)
  return (
    <div className="flex flex-col items-center gap-3 text-center text-soft">
      {call.status === 'ended' ? <p>{words.ended[call.why]}</p> : null}
      {summary ? <p className="tabular-nums">{words.summary(times.length, seconds(summary.medianMs, words.locale))}</p> : null}
    </div>
  )
}
