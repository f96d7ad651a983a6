import './app/styles.css'

import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'

import { App } from './app/App.tsx'
import { SignInAgainButton, SignOutButton } from './auth/account.tsx'
import { SignIn } from './auth/sign-in.ts'
import { SignInGate } from './auth/sign-in-gate.tsx'
import { readStored } from './ui/stored.ts'
import { applyTheme, isTheme } from './ui/theme.ts'
import { openAudio } from './voice/audio/audio-path.ts'
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
const signIn = new SignIn({
  fetch: (path, init) => fetch(path, init),
  origin: globalThis.location.origin,
  sessionStorage: () => globalThis.sessionStorage,
  isSecure: globalThis.isSecureContext,
  goTo: (url) => globalThis.location.assign(url),
  onLeave: () => conversation.end(),
})
const conversation = new Conversation(store, {
  openAudio,
  openSocket: createSocket,
  getTicket: signIn.getTicket,
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
    <SignInGate signIn={signIn}>
      <App
        store={store}
        conversation={conversation}
        fetchOptions={ask}
        account={<SignOutButton signIn={signIn} />}
        signInAgain={<SignInAgainButton />}
      />
    </SignInGate>
  </StrictMode>,
)
void preload()
