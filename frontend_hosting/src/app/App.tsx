import { type ReactNode, useEffect } from 'react'

import { isSwitch, useStored } from '../ui/stored.ts'
import { applyTheme, isTheme } from '../ui/theme.ts'
import { useMediaQuery } from '../ui/use-media-query.ts'
import type { Settings } from '../voice/components/settings-menu.tsx'
import { VoiceSessionViewer } from '../voice/components/voice-session-viewer.tsx'
import type { Conversation } from '../voice/conversation.ts'
import type { Problem } from '../voice/problems.ts'
import type { Options } from '../voice/service.ts'
import type { VoiceStore } from '../voice/store.ts'

type Props = {
  readonly store: VoiceStore
  readonly conversation: Conversation
  readonly fetchOptions: () => Promise<Options | Problem>
  readonly account?: ReactNode
  readonly signInAgain?: ReactNode
}

/** One screen, and the settings that outlive it. */
export function App({ store, conversation, fetchOptions, account, signInAgain }: Props): ReactNode {
  const [theme, setTheme] = useStored('ui.theme', isTheme, 'system')
  const [announce, setAnnounce] = useStored('ui.announce', isSwitch, 'off')
  const [shortcuts, setShortcuts] = useStored('ui.shortcuts', isSwitch, 'on')
  const systemDark = useMediaQuery('(prefers-color-scheme: dark)')
  useEffect(() => applyTheme(theme), [theme])
  const change = (settings: Settings): void => {
    setTheme(settings.theme)
    setAnnounce(settings.announce ? 'on' : 'off')
    setShortcuts(settings.shortcuts ? 'on' : 'off')
  }
  return (
    <VoiceSessionViewer
      store={store}
      conversation={conversation}
      fetchOptions={fetchOptions}
      settings={{ theme, announce: announce === 'on', shortcuts: shortcuts === 'on' }}
      dark={theme === 'system' ? systemDark : theme === 'dark'}
      onSettings={change}
      account={account}
      signInAgain={signInAgain}
    />
  )
}
