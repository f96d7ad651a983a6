import { useSyncExternalStore } from 'react'

import { readStored } from '../ui/stored.ts'
import { type AuthWords, authWords } from './words.ts'

const isAnything = (value: string): value is string => value !== ''

/** The language chosen for the interface, else the browser's; followed when it is changed in the settings. */
export function useAuthWords(): AuthWords {
  return useSyncExternalStore(onLanguage, currentWords)
}

function currentWords(): AuthWords {
  const chosen = readStored('ui.language', isAnything, 'system')
  return authWords(chosen === 'system' ? navigator.languages : [chosen])
}

/** A page that has changed its language says so on its root element. */
function onLanguage(listener: () => void): () => void {
  const observer = new MutationObserver(listener)
  observer.observe(globalThis.document.documentElement, { attributeFilter: ['lang'] })
  return () => observer.disconnect()
}
