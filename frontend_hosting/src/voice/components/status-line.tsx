import type { ReactNode } from 'react'

import { phaseOf, type VoiceState } from '../call-state.ts'
import type { Words } from '../words/en.ts'
import { useWords } from '../words/use-words.ts'

/** What is going on, in words; its changes are announced here and nowhere else. */
export function StatusLine({ state }: { readonly state: VoiceState }): ReactNode {
  const words = useWords()
  return (
    <p role="status" className="font-serif text-2xl text-ink @[40rem]:text-[1.75rem]">
      {statusText(state, words)}
    </p>
  )
}

export function statusText(state: VoiceState, words: Words): string {
  const phase = phaseOf(state)
  const { call, input } = state
  if (call.status === 'opening' && call.step === 'microphone') return words.openingMicrophone
  if ((call.status === 'opening' || call.status === 'reconnecting') && call.position !== undefined) return words.queued(call.position)
  if (phase === 'listening' && input.mode === 'typing') return words.typingPhase
  if (phase === 'listening' && input.mode === 'handsFree' && input.muted) return words.mutedPhase
  if (phase === 'listening' && input.mode === 'pushToTalk' && !input.held) return words.holdPhase
  return words.phase[phase]
}
