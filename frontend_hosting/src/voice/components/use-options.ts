import { useCallback, useEffect, useState } from 'react'

import type { Problem } from '../problems.ts'
import type { Options } from '../service.ts'

export type Offered = {
  readonly options: Options | null
  readonly problem: Problem | null
  readonly reload: () => void
}

/** The service's languages and voices, asked for before each call and again on demand. */
export function useOptions(fetchOptions: () => Promise<Options | Problem>, wanted: boolean): Offered {
  const [answer, setAnswer] = useState<Options | Problem | null>(null)
  const [asked, setAsked] = useState(0)
  useEffect(() => {
    if (!wanted) return
    let outdated = false
    const ask = async (): Promise<void> => {
      const answered = await fetchOptions()
      if (!outdated) setAnswer(answered)
    }
    void ask()
    return () => {
      outdated = true
    }
  }, [fetchOptions, asked, wanted])
  return {
    options: answer && 'languages' in answer ? answer : null,
    problem: answer && 'code' in answer ? answer : null,
    reload: useCallback(() => setAsked((times) => times + 1), []),
  }
}
