import './app/styles.css'

import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'

import { App } from './app/App.tsx'
import { readStored } from './ui/stored.ts'
import { applyTheme, isTheme } from './ui/theme.ts'
import { openAudio } from './voice/audio/audio-path.ts'
import { browserDevices } from './voice/audio/devices.ts'
import { Conversation, type Meters } from './voice/conversation.ts'
import { preload } from './voice/preload.ts'
import { diagnose, fetchOptions } from './voice/service.ts'
import { createSocket } from './voice/socket.ts'
import { createVoiceStore } from './voice/store.ts'

declare global {
  /** Levels and counters of the call, changed in place; the browser tests measure what was really heard by them. */
  var voiceMeters: Meters | undefined
}

const store = createVoiceStore()
const conversation = new Conversation(store, {
  openAudio,
  openSocket: createSocket,
  devices: browserDevices,
  diagnose: () => diagnose(),
  now: () => Date.now(),
  random: () => Math.random(),
})
globalThis.voiceMeters = conversation.meters
applyTheme(readStored('ui.theme', isTheme, 'system'))

const root = globalThis.document.querySelector('#root')
if (!root) throw new Error('index.html has no #root')
const ask = (): ReturnType<typeof fetchOptions> => fetchOptions()
createRoot(root).render(
  <StrictMode>
    <App store={store} conversation={conversation} fetchOptions={ask} />
  </StrictMode>,
)
void preload()
