// A part of the page that is fetched when it is wanted. The network may be away just then; React's own `lazy` would
// remember that for ever and take the page down with it.

import { useCallback, useEffect, useState } from 'react'

export type Fetched<T> =
  | { readonly status: 'fetching' }
  | { readonly status: 'there'; readonly part: T }
  | { readonly status: 'failed'; readonly retry: () => void }

export function useFetched<T>(fetchPart: () => Promise<T>, wanted: boolean): Fetched<T> {
  const [found, setFound] = useState<{ readonly part: T } | 'failed' | null>(null)
  const isMissing = found === null
  useEffect(() => {
    // A failure stands until somebody asks again.
    if (!wanted || !isMissing) return undefined
    let outdated = false
    const ask = async (): Promise<void> => {
      try {
        const part = await fetchPart()
        if (!outdated) setFound({ part })
      } catch {
        if (!outdated) setFound('failed')
      }
    }
    void ask()
    return () => {
      outdated = true
    }
  }, [fetchPart, wanted, isMissing])
  const retry = useCallback(() => setFound(null), [])
  if (found === null) return { status: 'fetching' }
  return found === 'failed' ? { status: 'failed', retry } : { status: 'there', part: found.part }
}
