import type { ReactNode } from 'react'

import { readStored, useStored } from '../ui/stored.ts'
import { isTheme } from '../ui/theme.ts'
import { useMediaQuery } from '../ui/use-media-query.ts'
import { isLanguageChoice, languageOf } from '../voice/words/catalogue.ts'
import { useDocumentLanguage } from '../voice/words/use-document-language.ts'
import { useLoadedWords } from '../voice/words/use-loaded-words.ts'
import { WordsContext } from '../voice/words/use-words.ts'
import { SignInScreen, type SignInScreenProps } from './sign-in-screen.tsx'

type Props = Pick<SignInScreenProps, 'problem' | 'busy' | 'action' | 'onAct'>

/** The sign-in screen in the language and the colours that were chosen for the page, else in the browser's. */
export function SignInPage(props: Props): ReactNode {
  const [choice, choose] = useStored('ui.language', isLanguageChoice, 'system')
  const language = languageOf(choice, navigator.languages)
  const words = useLoadedWords(language)
  const systemDark = useMediaQuery('(prefers-color-scheme: dark)')
  const theme = readStored('ui.theme', isTheme, 'system')
  useDocumentLanguage(words)
  if (!words) return null
  return (
    <WordsContext value={words}>
      <SignInScreen {...props} language={language} onLanguage={choose} dark={theme === 'system' ? systemDark : theme === 'dark'} />
    </WordsContext>
  )
}
