import { useEffect, useState } from 'react'

import { type InterfaceLanguage, loadWords } from './catalogue.ts'
import { en, type Words } from './en.ts'

type Loaded = { readonly language: InterfaceLanguage; readonly words: Words }

/** The words of a language, null while the first are fetched; a change keeps the old ones until the new are there. */
export function useLoadedWords(language: InterfaceLanguage): Words | null {
  const [loaded, setLoaded] = useState<Loaded | null>(() => (language === 'en' ? { language, words: en } : null))
  useEffect(() => {
    if (loaded?.language === language) return
    let outdated = false
    const load = async (): Promise<void> => {
      const words = await loadWords(language)
      if (!outdated) setLoaded({ language, words })
    }
    void load()
    return () => {
      outdated = true
    }
  }, [language, loaded])
  return loaded?.words ?? null
}
