import { useEffect } from 'react'

import type { Conversation } from '../conversation.ts'

/** M mutes, Esc interrupts, Space is held to talk. They can be switched off: WCAG 2.1.4. */
export function useShortcuts(conversation: Conversation, enabled: boolean): void {
  useEffect(() => {
    if (!enabled) return
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
      // An open menu closes with Esc before anything else happens.
      if (event.key === 'Escape') {
        if (!isInside(event.target, '[popover]')) conversation.interrupt()
      } else if (isInside(event.target, 'input, textarea, select')) {
        return
      } else if (event.key === 'm' || event.key === 'M') {
        if (!event.repeat) conversation.toggleMute()
      } else if (event.key === ' ' && !isInside(event.target, 'button, a, summary, label')) {
        event.preventDefault()
        if (!event.repeat) conversation.hold(true)
      }
    }
    const onKeyUp = (event: KeyboardEvent): void => {
      if (event.key === ' ' && !isInside(event.target, 'button, input, textarea')) conversation.hold(false)
    }
    // A key released over another window is never reported.
    const onBlur = (): void => conversation.hold(false)
    globalThis.addEventListener('keydown', onKeyDown)
    globalThis.addEventListener('keyup', onKeyUp)
    globalThis.addEventListener('blur', onBlur)
    return () => {
      globalThis.removeEventListener('keydown', onKeyDown)
      globalThis.removeEventListener('keyup', onKeyUp)
      globalThis.removeEventListener('blur', onBlur)
    }
  }, [conversation, enabled])
}

function isInside(target: EventTarget | null, selector: string): boolean {
  return target instanceof Element && target.closest(selector) !== null
}
