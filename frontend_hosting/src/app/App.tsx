import { type ReactNode, useEffect, useLayoutEffect } from 'react'

import { isSwitch, useStored } from '../ui/stored.ts'
import { applyTheme, isTheme } from '../ui/theme.ts'
import { useMediaQuery } from '../ui/use-media-query.ts'
import type { Settings } from '../voice/components/settings-menu.tsx'
import { CallScreen } from '../voice/components/call-screen.tsx'
import type { Conversation } from '../voice/conversation.ts'
import type { Problem } from '../voice/problems.ts'
import type { Options } from '../voice/service.ts'
import type { VoiceStore } from '../voice/store.ts'
import { isInterfaceLanguage, preferredLanguage } from '../voice/words/catalogue.ts'
import { useLoadedWords } from '../voice/words/use-loaded-words.ts'
import { WordsContext } from '../voice/words/use-words.ts'

const isLanguageChoice = (value: string): value is Settings['language'] => value === 'system' || isInterfaceLanguage(value)

type Props = {
  readonly store: VoiceStore
  readonly conversation: Conversation
  readonly fetchOptions: () => Promise<Options | Problem>
}

/** One screen, and the settings that outlive it. */
export function App({ store, conversation, fetchOptions }: Props): ReactNode {
  const [language, setLanguage] = useStored('ui.language', isLanguageChoice, 'system')
  const [theme, setTheme] = useStored('ui.theme', isTheme, 'system')
  const [announce, setAnnounce] = useStored('ui.announce', isSwitch, 'off')
  const [shortcuts, setShortcuts] = useStored('ui.shortcuts', isSwitch, 'on')
  const systemDark = useMediaQuery('(prefers-color-scheme: dark)')
  const words = useLoadedWords(language === 'system' ? preferredLanguage(navigator.languages) : language)
  useEffect(() => applyTheme(theme), [theme])
  useLayoutEffect(() => {
    if (!words) return
    globalThis.document.documentElement.lang = words.locale
    globalThis.document.title = words.product
  }, [words])
  const change = (settings: Settings): void => {
    setLanguage(settings.language)
    setTheme(settings.theme)
    setAnnounce(settings.announce ? 'on' : 'off')
    setShortcuts(settings.shortcuts ? 'on' : 'off')
  }
  if (!words) return null
  return (
    <WordsContext value={words}>
      <CallScreen
        store={store}
        conversation={conversation}
        fetchOptions={fetchOptions}
        settings={{ language, theme, announce: announce === 'on', shortcuts: shortcuts === 'on' }}
        dark={theme === 'system' ? systemDark : theme === 'dark'}
        onSettings={change}
      />
    </WordsContext>
  )
}
