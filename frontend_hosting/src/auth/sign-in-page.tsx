import type { ReactNode } from 'react'

import { readStored } from '../ui/stored.ts'
import { isLanguageChoice, languageOf } from '../voice/words/catalogue.ts'
import { useDocumentLanguage } from '../voice/words/use-document-language.ts'
import { useLoadedWords } from '../voice/words/use-loaded-words.ts'
import { WordsContext } from '../voice/words/use-words.ts'
import { SignInScreen, type SignInScreenProps } from './sign-in-screen.tsx'

/** The sign-in screen in the language that was chosen for the page, else in the browser's. */
export function SignInPage(props: SignInScreenProps): ReactNode {
  const words = useLoadedWords(languageOf(readStored('ui.language', isLanguageChoice, 'system'), navigator.languages))
  useDocumentLanguage(words)
  return words ? <WordsContext value={words}><SignInScreen {...props} /></WordsContext> : null
}
