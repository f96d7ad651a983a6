import { useEffect, useState } from 'react'

/** Whole seconds until an instant, from above; null while there is none. */
export function useCountdown(untilMs: number | null): number | null {
  const [left, setLeft] = useState<{ readonly untilMs: number; readonly seconds: number } | null>(null)
  useEffect(() => {
    if (untilMs === null) return
    const look = (): void => setLeft({ untilMs, seconds: Math.max(0, Math.ceil((untilMs - Date.now()) / 1000)) })
    const first = setTimeout(look)
    const timer = setInterval(look, 250)
    return () => {
      clearTimeout(first)
      clearInterval(timer)
    }
  }, [untilMs])
  return left && left.untilMs === untilMs ? left.seconds : null
}
