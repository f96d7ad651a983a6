import { useSyncExternalStore } from 'react'

import type { VoiceState } from './call-state.ts'
import type { VoiceStore } from './store.ts'

/** The call's state, for React. */
export function useVoice(store: VoiceStore): VoiceState {
  return useSyncExternalStore(store.subscribe, store.getState)
}
