import { useEffect, useState } from 'react'

import { useWords } from '../words/use-words.ts'

/** Long enough to be read and heard. */
const TOLD_FOR_MS = 4000

/** Copies a text, and what to tell of it for a while. */
export function useCopy(): readonly [told: string, copy: (text: string) => Promise<void>] {
  const words = useWords()
  const [told, setTold] = useState('')
  useEffect(() => {
    if (told === '') return
    const timer = setTimeout(() => setTold(''), TOLD_FOR_MS)
    return () => clearTimeout(timer)
  }, [told])
  const copy = async (text: string): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      setTold(words.copied)
    } catch {
      setTold(words.copyFailed)
    }
  }
  return [told, copy]
}
