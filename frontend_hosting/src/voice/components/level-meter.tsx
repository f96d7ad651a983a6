import { type ReactNode, useEffect, useRef, useState } from 'react'

import { useWords } from '../words/use-words.ts'

type Props = { readonly level: () => number }

const EVERY_MS = 80
/** Speech into a microphone at arm's length is well above this; a quiet room is below. */
const HEARD = 0.02
const FLOOR_DB = -60

/** A bar that moves with the microphone, and says in words once that the user was heard. */
export function LevelMeter({ level }: Props): ReactNode {
  const words = useWords()
  const meterRef = useRef<HTMLDivElement>(null)
  const barRef = useRef<HTMLDivElement>(null)
  const [heard, setHeard] = useState(false)
  useEffect(() => {
    const timer = setInterval(() => {
      const now = level()
      const share = Math.min(1, Math.max(0, 1 - (20 * Math.log10(now + 1e-6)) / FLOOR_DB))
      if (barRef.current) barRef.current.style.transform = `scaleX(${share.toFixed(3)})`
      meterRef.current?.setAttribute('aria-valuenow', String(Math.round(share * 100)))
      if (now > HEARD) setHeard(true)
    }, EVERY_MS)
    return () => clearInterval(timer)
  }, [level])
  return (
    <div className="mt-3">
      <div
        ref={meterRef}
        role="meter"
        aria-label={words.level}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={0}
        className="h-3 overflow-hidden rounded-full border border-edge bg-paper"
      >
        <div ref={barRef} className="h-full w-full origin-left scale-x-0 bg-accent forced-colors:bg-[Highlight]" />
      </div>
      <p aria-live="polite" className="mt-1 text-sm text-soft">{heard ? words.testHeard : words.testHint}</p>
    </div>
  )
}
