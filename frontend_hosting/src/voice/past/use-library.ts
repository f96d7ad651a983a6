import { useEffect, useState, useSyncExternalStore } from 'react'

import type { Archive } from './archive.ts'
import { Library, type LibraryState } from './library.ts'

/** The list is fetched at once, and again when the network is back and it could not be had. */
export function useLibrary(archive: Archive): readonly [Library, LibraryState] {
  const [library] = useState(() => new Library(archive))
  const state = useSyncExternalStore(library.subscribe, library.getState)
  useEffect(() => {
    void library.refresh()
    const onOnline = (): void => {
      if (library.getState().list === 'failed') void library.refresh()
    }
    globalThis.addEventListener('online', onOnline)
    return () => globalThis.removeEventListener('online', onOnline)
  }, [library])
  return [library, state]
}
