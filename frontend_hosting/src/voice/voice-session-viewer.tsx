import { type CSSProperties, type ReactNode, useEffect, useState } from 'react'

import { isSwitch, useStored } from '../ui/stored.ts'
import { applyTheme, isTheme, type Theme } from '../ui/theme.ts'
import { useMediaQuery } from '../ui/use-media-query.ts'
import { CallScreen } from './components/call-screen.tsx'
import type { Settings } from './components/settings-menu.tsx'
import { type Phase, phaseOf, type VoiceState } from './call-state.ts'
import type { AccessToken } from './tickets.ts'
import { useVoice } from './use-voice.ts'
import { createVoiceSession, type VoiceSession } from './voice-session.ts'
import { type InterfaceLanguage, isLanguageChoice, type LanguageChoice, languageOf } from './words/catalogue.ts'
import { useDocumentLanguage } from './words/use-document-language.ts'
import { useLoadedWords } from './words/use-loaded-words.ts'
import { WordsContext } from './words/use-words.ts'

export type VoiceSessionViewerProps = {
  /** Made by `createVoiceSession`; without one the viewer makes its own, for as long as it is on the page. */
  readonly session?: VoiceSession
  /** For the viewer's own session; without it everybody is asked to sign in. */
  readonly accessToken?: AccessToken
  /** Where the assistant is, for the viewer's own session; by default where the page is. */
  readonly serviceUrl?: string
  /** `window`: it is the page. `container`: it fills the element around it, which needs a height. */
  readonly fill?: 'window' | 'container'
  /** What holds until the user chooses otherwise in the settings. */
  readonly defaultLanguage?: InterfaceLanguage
  readonly defaultTheme?: Theme
  /** Stands at the end of the header: who is signed in, and the way out. */
  readonly account?: ReactNode
  /** Stands below the problem that one must sign in again: the way back in. */
  readonly signInAgain?: ReactNode
  readonly onPhase?: (phase: Phase) => void
  /** Every change of the call, for a host that shows or stores some of it. */
  readonly onState?: (state: VoiceState) => void
}

/** The whole voice call, from the start button to the summary: mount it, and that is all. */
export function VoiceSessionViewer({
  session, accessToken = nobody, serviceUrl, fill = 'window', defaultLanguage, defaultTheme = 'system', account, signInAgain, onPhase, onState,
}: VoiceSessionViewerProps): ReactNode {
  const [own] = useState(() => session ?? createVoiceSession({ accessToken, ...(serviceUrl === undefined ? {} : { serviceUrl }) }))
  const { store, conversation, fetchOptions, archive } = session ?? own
  const [settings, change] = useSettings(defaultLanguage ?? 'system', defaultTheme)
  const systemDark = useMediaQuery('(prefers-color-scheme: dark)')
  const words = useLoadedWords(languageOf(settings.language, navigator.languages))
  const isPage = fill === 'window'
  useReports(store, onPhase, onState)
  // Who leaves the page in the middle of a call has ended it; a session that was given belongs to the giver.
  useEffect(() => (session ? undefined : () => own.conversation.end()), [session, own])
  useEffect(() => {
    if (isPage) applyTheme(settings.theme)
  }, [isPage, settings.theme])
  useDocumentLanguage(isPage ? words : null)
  if (!words) return null
  return (
    <WordsContext value={words}>
      <div
        lang={words.locale}
        data-theme={settings.theme === 'system' ? undefined : settings.theme}
        className={isPage ? '@container' : 'h-full overflow-y-auto [container-type:size]'}
        style={{ '--viewer-height': isPage ? '100dvh' : '100cqh' } as CSSProperties}
      >
        <CallScreen
          store={store}
          conversation={conversation}
          fetchOptions={fetchOptions}
          archive={archive}
          settings={settings}
          dark={settings.theme === 'system' ? systemDark : settings.theme === 'dark'}
          isPage={isPage}
          onSettings={change}
          account={account}
          signInAgain={signInAgain}
        />
      </div>
    </WordsContext>
  )
}

const nobody: AccessToken = () => Promise.resolve(null)

/** They outlive the page. */
function useSettings(defaultLanguage: LanguageChoice, defaultTheme: Theme): readonly [Settings, (settings: Settings) => void] {
  const [language, setLanguage] = useStored('ui.language', isLanguageChoice, defaultLanguage)
  const [theme, setTheme] = useStored('ui.theme', isTheme, defaultTheme)
  const [announce, setAnnounce] = useStored('ui.announce', isSwitch, 'off')
  const [shortcuts, setShortcuts] = useStored('ui.shortcuts', isSwitch, 'on')
  const [cues, setCues] = useStored('ui.cues', isSwitch, 'off')
  const change = (settings: Settings): void => {
    setLanguage(settings.language)
    setTheme(settings.theme)
    setAnnounce(settings.announce ? 'on' : 'off')
    setShortcuts(settings.shortcuts ? 'on' : 'off')
    setCues(settings.cues ? 'on' : 'off')
  }
  return [{ language, theme, announce: announce === 'on', shortcuts: shortcuts === 'on', cues: cues === 'on' }, change]
}

function useReports(
  store: VoiceSession['store'],
  onPhase: VoiceSessionViewerProps['onPhase'],
  onState: VoiceSessionViewerProps['onState'],
): void {
  const state = useVoice(store)
  const phase = phaseOf(state)
  // In braces: what a host's function returns is not an effect's clean-up.
  useEffect(() => {
    onPhase?.(phase)
  }, [onPhase, phase])
  useEffect(() => {
    onState?.(state)
  }, [onState, state])
}
