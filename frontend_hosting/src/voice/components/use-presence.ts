import { useEffect } from 'react'

import type { Conversation } from '../conversation.ts'

/** While a call lives: the screen stays on where it can, and sound wakes with the page. */
export function usePresence(conversation: Conversation, live: boolean): void {
  useEffect(() => {
    if (!live) return
    let lock: WakeLockSentinel | null = null
    let over = false
    const hold = async (): Promise<void> => {
      try {
        const granted = await navigator.wakeLock.request('screen')
        if (over) await granted.release()
        else {
          // A page that only seemed to be hidden still has its own.
          await lock?.release()
          lock = granted
        }
      } catch {
        // Not offered here, or the battery is low: the call goes on without it.
      }
    }
    const onVisible = (): void => {
      if (globalThis.document.visibilityState !== 'visible') return
      conversation.wake()
      void hold()
    }
    onVisible()
    globalThis.document.addEventListener('visibilitychange', onVisible)
    return () => {
      over = true
      globalThis.document.removeEventListener('visibilitychange', onVisible)
      void lock?.release()
    }
  }, [conversation, live])
}
