import './app/styles.css'

import { lazy, type ReactNode, StrictMode, Suspense } from 'react'
import { createRoot } from 'react-dom/client'

import { Account, SignInAgain } from './auth/account.tsx'
import { SignIn } from './auth/sign-in.ts'
import { SignInGate } from './auth/sign-in-gate.tsx'
import { readStored } from './ui/stored.ts'
import { applyTheme, isTheme } from './ui/theme.ts'
import type { Meters } from './voice/meters.ts'
import { preload } from './voice/preload.ts'
import { createVoiceSession } from './voice/voice-session.ts'
import { VoiceSessionViewer } from './voice/voice-session-viewer.tsx'

const Dashboard = lazy(async () => ({ default: (await import('./admin/dashboard.tsx')).Dashboard }))
const AdminLink = lazy(async () => ({ default: (await import('./admin/admin-link.tsx')).AdminLink }))

declare global {
  /** Levels and counters of the call, changed in place; the browser tests measure what was really heard by them. */
  var voiceMeters: Meters | undefined
}

const signIn = new SignIn({
  fetch: (path, init) => fetch(path, init),
  origin: globalThis.location.origin,
  sessionStorage: () => globalThis.sessionStorage,
  isSecure: globalThis.isSecureContext,
  goTo: (url) => globalThis.location.assign(url),
  path: () => globalThis.location.pathname + globalThis.location.search,
  onLeave: () => session.conversation.end(),
  keep: () => session.conversation.keep(),
  restore: (kept) => session.conversation.restore(kept),
})
const session = createVoiceSession({ accessToken: signIn.accessToken })
globalThis.voiceMeters = session.conversation.meters
applyTheme(readStored('ui.theme', isTheme, 'system'))

/** What the address asks for, which is known again once the way back from signing in has ended. */
function Screen(): ReactNode {
  return globalThis.location.pathname.startsWith('/admin') ? (
    <Suspense fallback={null}><Dashboard accessToken={signIn.accessToken} /></Suspense>
  ) : (
    <VoiceSessionViewer
      session={session}
      account={<Account signIn={signIn} forAdministrators={<Suspense fallback={null}><AdminLink /></Suspense>} />}
      signInAgain={<SignInAgain signIn={signIn} />}
    />
  )
}

const root = globalThis.document.querySelector('#root')
if (!root) throw new Error('index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <SignInGate signIn={signIn}>
      <Screen />
    </SignInGate>
  </StrictMode>,
)
void preload()
