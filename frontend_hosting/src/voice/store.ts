// One state, one way to change it, anybody may listen. React reads it through use-voice.ts.

import { INITIAL, type VoiceState } from './call-state.ts'
import { reduce, type VoiceEvent } from './session.ts'

export type VoiceStore = {
  readonly getState: () => VoiceState
  readonly subscribe: (listener: () => void) => () => void
  readonly dispatch: (event: VoiceEvent) => void
}

export function createVoiceStore(initial: VoiceState = INITIAL): VoiceStore {
  let state = initial
  const listeners = new Set<() => void>()
  return {
    getState: () => state,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    dispatch: (event) => {
      const next = reduce(state, event)
      if (next === state) return
      state = next
      for (const listener of listeners) listener()
    },
  }
}
