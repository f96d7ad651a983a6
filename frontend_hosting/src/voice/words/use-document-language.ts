import { useLayoutEffect } from 'react'

import type { Words } from './en.ts'

/** The document speaks the language of these words; null leaves it as it is. */
export function useDocumentLanguage(words: Words | null): void {
  useLayoutEffect(() => {
    if (!words) return
    globalThis.document.documentElement.lang = words.locale
    globalThis.document.title = words.product
  }, [words])
}
