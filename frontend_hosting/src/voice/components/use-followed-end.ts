import { type RefObject, useCallback, useEffect, useRef } from 'react'

import type { Thread } from '../thread.ts'

/** How near to the end one must be for new words to scroll into view. */
const NEAR_PX = 80

type Followed = { readonly boxRef: RefObject<HTMLDivElement | null>; readonly onScroll: () => void }

/** Keeps the newest words in view until the reader scrolls away from them; what one types oneself is always brought there. */
export function useFollowedEnd(thread: Thread, follow: boolean): Followed {
  const boxRef = useRef<HTMLDivElement>(null)
  const followingRef = useRef(follow)
  const shapeRef = useRef('')
  const typedRef = useRef(lastTyped(thread))

  const toEnd = useCallback(() => {
    const box = boxRef.current
    if (!box || !followingRef.current) return
    shapeRef.current = shapeOf(box)
    box.scrollTop = box.scrollHeight
  }, [])

  useEffect(() => {
    const typed = lastTyped(thread)
    if (follow && typed !== typedRef.current) followingRef.current = true
    typedRef.current = typed
    toEnd()
  }, [thread, follow, toEnd])

  useEffect(() => {
    // A phone that is turned, its keyboard, the end of a call: box and lines change, and nobody has scrolled.
    const observer = new ResizeObserver(toEnd)
    const box = boxRef.current
    for (const part of box ? [box, ...box.children] : []) observer.observe(part)
    return () => observer.disconnect()
  }, [toEnd])

  const onScroll = useCallback(() => {
    const box = boxRef.current
    if (!box) return
    const moved = shapeOf(box) === shapeRef.current
    shapeRef.current = shapeOf(box)
    // The browser reports a scroll also when the lines break anew.
    if (followingRef.current && !moved) toEnd()
    else followingRef.current = follow && box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX
  }, [follow, toEnd])

  return { boxRef, onScroll }
}

function shapeOf({ clientWidth, clientHeight, scrollHeight }: HTMLElement): string {
  return `${clientWidth} ${clientHeight} ${scrollHeight}`
}

function lastTyped(thread: Thread): string | null {
  return thread.findLast((entry) => entry.kind === 'said' && entry.via === 'text')?.id ?? null
}
