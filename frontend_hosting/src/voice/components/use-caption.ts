import { useEffect, useState } from 'react'

import { type Caption, captionAt } from '../caption-timing.ts'
import type { Meters } from '../meters.ts'
import type { Said } from '../thread.ts'

/** How often the words are looked at; the eye wants no more. */
const EVERY_MS = 60

/** The word of a reply that is being heard now; null while it is not being heard. */
export function useCaption(said: Said | undefined, meters: Meters): Caption | null {
  const [caption, setCaption] = useState<Caption | null>(null)
  useEffect(() => {
    const look = (): void => {
      const next = captionOf(said, meters)
      setCaption((last) => (same(last, next) ? last : next))
    }
    look()
    const timer = setInterval(look, EVERY_MS)
    return () => clearInterval(timer)
  }, [said, meters])
  return caption
}

function captionOf(said: Said | undefined, { playout, outputLatencyMs }: Meters): Caption | null {
  if (!said || !playout || said.responseId !== playout.responseId || said.planned.length === 0) return null
  // Reports come some twenty times a second; between two of them sound goes on.
  const positionMs = Math.min(playout.arrivedMs, playout.positionMs + Math.max(0, Date.now() - playout.atMs)) - outputLatencyMs
  return captionAt({ segments: said.planned, startsMs: said.plannedAtMs }, positionMs, playout.arrivedMs)
}

function same(a: Caption | null, b: Caption | null): boolean {
  return a?.said === b?.said && a?.current === b?.current && a?.coming === b?.coming
}
