// For tests: the call's screen before a driver that only writes down what it was asked.

import '@testing-library/jest-dom/vitest'

import { act, render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import type { ReactNode } from 'react'
import { vi } from 'vitest'

import type { Conversation } from '../conversation.ts'
import { EventLog } from '../event-log.ts'
import { noMeters } from '../meters.ts'
import { MemoryArchive } from '../past/memory-archive.ts'
import type { Problem } from '../problems.ts'
import type { Ready, ServerMessage } from '../protocol.ts'
import type { Options } from '../service.ts'
import type { VoiceEvent } from '../session.ts'
import { createVoiceStore, type VoiceStore } from '../store.ts'
import { CallScreen } from './call-screen.tsx'
import type { Settings } from './settings-menu.tsx'

const READY: Ready = {
  type: 'ready', seq: 1, sessionId: 's', conversationId: 'c', epoch: 1, lastTurn: 0, resumeToken: null, resumed: false, model: 'm',
  language: 'en-US', voice: 'tiffany', inputSampleRateHz: 16000, outputSampleRateHz: 24000, silenceThresholdMs: 1500,
  watchdogMs: 2000, heartbeatMs: 20000,
  limits: { messageBytes: 32768, inputRate: 1.25, controlPerS: 20, sessionS: 3600, idleS: 300, textChars: 1000 },
}
export const OPTIONS: Options = {
  model: 'm',
  languages: [
    { code: 'en-US', name: 'English', voices: [{ id: 'tiffany', name: 'Tiffany' }, { id: 'matthew', name: 'Matthew' }] },
    { code: 'de-DE', name: 'German', voices: [{ id: 'tina', name: 'Tina' }, { id: 'matthew', name: 'Matthew' }] },
  ],
  defaults: { language: 'en-US', voice: 'tiffany' },
  patience: { silenceThresholdMs: 1500, watchdogMs: 2000 },
}
export const SETTINGS: Settings = { language: 'system', theme: 'system', announce: false, shortcuts: true, cues: false }

/** A driver that only writes down what it was asked. */
function fakeConversation(store: VoiceStore, done: string[]): Conversation {
  const meters = noMeters()
  const fake: Pick<Conversation, keyof Conversation> = {
    meters,
    log: new EventLog(),
    start: async (choice, how) => {
      done.push(`start ${choice?.language ?? '-'} ${choice?.voice ?? '-'}${how?.typing ? ' typing' : ''}`)
      store.dispatch({ type: 'startRequested', typing: how?.typing ?? false })
      return Promise.resolve()
    },
    end: () => {
      done.push('end')
      store.dispatch({ type: 'endRequested', atMs: 9000 })
    },
    interrupt: () => done.push('interrupt'),
    say: (text) => {
      done.push(`say ${text}`)
      store.dispatch({ type: 'textSent', text, atMs: 5000 })
    },
    toggleMute: () => store.dispatch({ type: 'muteToggled' }),
    toggleMode: () => store.dispatch({ type: 'modeToggled' }),
    hold: (held) => {
      done.push(held ? 'hold' : 'release')
      store.dispatch({ type: 'talkHeld', held })
    },
    dismissComplaint: () => store.dispatch({ type: 'complaintDismissed' }),
    keep: () => null,
    restore: (kept) => done.push(`restore ${kept}`),
    forget: (conversationId) => store.dispatch({ type: 'forgotten', conversationId }),
    clockSeen: (serviceMs) => done.push(`clock ${serviceMs}`),
    wake: () => done.push('wake'),
    dismissNotice: () => store.dispatch({ type: 'noticeDismissed' }),
    setSound: ({ volume, pauseMs }) => done.push(`sound ${volume} ${pauseMs ?? '-'}`),
  }
  // The class has private fields, which no stand-in can have; everything public is above.
  return fake as Conversation
}

export async function show({ fetchOptions = () => Promise.resolve<Options | Problem>(OPTIONS), settings = SETTINGS } = {}) {
  const store = createVoiceStore()
  const done: string[] = []
  const onSettings = vi.fn<(settings: Settings) => void>()
  const conversation = fakeConversation(store, done)
  const viewer = (shown: Settings): ReactNode => (
    <CallScreen
      store={store} conversation={conversation} fetchOptions={fetchOptions} archive={new MemoryArchive([])} settings={shown} dark={false} isPage onSettings={onSettings}
    />
  )
  render(viewer(settings))
  await act(() => Promise.resolve())
  done.length = 0
  const happen = (...events: readonly VoiceEvent[]): void => act(() => events.forEach((event) => store.dispatch(event)))
  const receive = (...messages: readonly ServerMessage[]): void =>
    happen(...messages.map((message): VoiceEvent => ({ type: 'messageReceived', message, atMs: 1000 })))
  const goLive = (): void => {
    happen({ type: 'startRequested', typing: false }, { type: 'microphoneOpened' })
    receive(READY, { type: 'state', seq: 2, state: 'listening' })
  }
  return { done, happen, receive, goLive, onSettings, conversation, user: userEvent.setup() }
}

/** The DOM of these tests knows no popover; a browser tells one that it has opened. */
export const open = async (label: string): Promise<void> => {
  const event = Object.assign(new Event('toggle'), { oldState: 'closed', newState: 'open' })
  await act(async () => {
    screen.getByRole('dialog', { name: label, hidden: true }).dispatchEvent(event)
    await Promise.resolve()
  })
}

export const status = (): string | null => screen.getByRole('status').textContent
