import type { ReactNode } from 'react'

import { phaseOf, type VoiceState } from '../session.ts'
import { strings } from '../strings.ts'

/** What is going on, in words; its changes are announced here and nowhere else. */
export function StatusLine({ state }: { readonly state: VoiceState }): ReactNode {
  return (
    <p role="status" className="font-serif text-2xl text-ink sm:text-[1.75rem]">
      {statusText(state)}
    </p>
  )
}

export function statusText(state: VoiceState): string {
  const phase = phaseOf(state)
  const { call, input } = state
  if (call.status === 'opening' && call.step === 'microphone') return strings.openingMicrophone
  if (phase === 'listening' && input.mode === 'typing') return strings.typingPhase
  if (phase === 'listening' && input.mode === 'handsFree' && input.muted) return strings.mutedPhase
  if (phase === 'listening' && input.mode === 'pushToTalk' && !input.held) return strings.holdPhase
  return strings.phase[phase]
}
