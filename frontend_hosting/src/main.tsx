import './app/styles.css'

import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'

import { readStored } from './ui/stored.ts'
import { applyTheme, isTheme } from './ui/theme.ts'
import type { Meters } from './voice/conversation.ts'
import { preload } from './voice/preload.ts'
import { createVoiceSession } from './voice/voice-session.ts'
import { VoiceSessionViewer } from './voice/voice-session-viewer.tsx'

declare global {
  /** Levels and counters of the call, changed in place; the browser tests measure what was really heard by them. */
  var voiceMeters: Meters | undefined
}

const session = createVoiceSession()
globalThis.voiceMeters = session.conversation.meters
applyTheme(readStored('ui.theme', isTheme, 'system'))

const root = globalThis.document.querySelector('#root')
if (!root) throw new Error('index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <VoiceSessionViewer session={session} />
  </StrictMode>,
)
void preload()
