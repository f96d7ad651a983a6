// One conversation and everything it needs from the browser, wired. Make it once, outside of React.

import { openAudio } from './audio/audio-path.ts'
import { browserDevices } from './audio/devices.ts'
import { Conversation } from './conversation.ts'
import { type Archive, createArchive } from './past/archive.ts'
import type { Problem } from './problems.ts'
import { diagnose, fetchOptions, type Options } from './service.ts'
import { createSocket } from './socket.ts'
import { createVoiceStore, type VoiceStore } from './store.ts'
import { ticketOffice } from './ticket-office.ts'
import type { AccessToken } from './tickets.ts'

export type VoiceSession = {
  readonly store: VoiceStore
  readonly conversation: Conversation
  readonly fetchOptions: () => Promise<Options | Problem>
  readonly archive: Archive
}

export type VoiceService = {
  /** Asked before every connection, and again shortly before a sign-in runs out in a call. */
  readonly accessToken: AccessToken
  /** Where /api, /health and /ws are; by default where the page is. */
  readonly serviceUrl?: string
}

export function createVoiceSession({ accessToken, serviceUrl = globalThis.location.origin }: VoiceService): VoiceSession {
  const store = createVoiceStore()
  const fetch = (path: string, init?: RequestInit): Promise<Response> => globalThis.fetch(new URL(path, serviceUrl), init)
  const seen = async (path: string, init?: RequestInit): Promise<Response> => {
    const response = await fetch(path, init)
    const date = Date.parse(response.headers.get('Date') ?? '')
    if (!Number.isNaN(date)) conversation.clockSeen(date)
    return response
  }
  const conversation = new Conversation(store, {
    openAudio,
    openSocket: createSocket(new URL(serviceUrl)),
    getTicket: ticketOffice(accessToken, seen),
    devices: browserDevices,
    diagnose: () => diagnose(fetch),
    now: () => Date.now(),
    random: () => Math.random(),
  })
  return { store, conversation, fetchOptions: () => fetchOptions(fetch), archive: createArchive(accessToken, fetch) }
}
