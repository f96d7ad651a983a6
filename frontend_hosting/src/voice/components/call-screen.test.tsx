// @vitest-environment happy-dom

import '@testing-library/jest-dom/vitest'

import { act, cleanup, fireEvent, render, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import type { ReactNode } from 'react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { closingFor } from '../close-codes.ts'
import type { Conversation, Meters } from '../conversation.ts'
import { EventLog } from '../event-log.ts'
import type { Problem, ProblemCode } from '../problems.ts'
import type { NoticeCode } from '../notices.ts'
import type { Ready, ServerMessage } from '../protocol.ts'
import type { Options } from '../service.ts'
import type { VoiceEvent } from '../session.ts'
import { MemoryArchive } from '../past/memory-archive.ts'
import { createVoiceStore, type VoiceStore } from '../store.ts'
import { en } from '../words/en.ts'
import type { Settings } from './settings-menu.tsx'
import { CallScreen } from './call-screen.tsx'

const READY: Ready = {
  type: 'ready', seq: 1, sessionId: 's', conversationId: 'c', epoch: 1, lastTurn: 0, resumeToken: null, resumed: false, model: 'm',
  language: 'en-US', voice: 'tiffany', inputSampleRateHz: 16000, outputSampleRateHz: 24000, silenceThresholdMs: 1500,
  watchdogMs: 2000, heartbeatMs: 20000,
  limits: { messageBytes: 32768, inputRate: 1.25, controlPerS: 20, sessionS: 3600, idleS: 300, textChars: 1000 },
}
const OPTIONS: Options = {
  model: 'm',
  languages: [
    { code: 'en-US', name: 'English', voices: [{ id: 'tiffany', name: 'Tiffany' }, { id: 'matthew', name: 'Matthew' }] },
    { code: 'de-DE', name: 'German', voices: [{ id: 'tina', name: 'Tina' }, { id: 'matthew', name: 'Matthew' }] },
  ],
  defaults: { language: 'en-US', voice: 'tiffany' },
  patience: { silenceThresholdMs: 1500, watchdogMs: 2000 },
}
const SETTINGS: Settings = { language: 'system', theme: 'system', announce: false, shortcuts: true, cues: false }

/** A driver that only writes down what it was asked. */
function fakeConversation(store: VoiceStore, done: string[]): Conversation {
  const meters: Meters = { microphone: 0, assistant: 0, playedSamples: 0, underruns: 0, outputLatencyMs: 0, playout: null }
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

async function show({ fetchOptions = () => Promise.resolve<Options | Problem>(OPTIONS), settings = SETTINGS } = {}) {
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
const open = async (label: string): Promise<void> => {
  const event = Object.assign(new Event('toggle'), { oldState: 'closed', newState: 'open' })
  await act(async () => {
    screen.getByRole('dialog', { name: label, hidden: true }).dispatchEvent(event)
    await Promise.resolve()
  })
}

const status = (): string | null => screen.getByRole('status').textContent

beforeEach(() => localStorage.clear())
afterEach(cleanup)

describe('before a call', () => {
  it('says that one talks to an AI before the microphone opens', async () => {
    await show()
    expect(screen.getByText(/You are talking to an AI/u)).toBeVisible()
    expect(screen.getByRole('button', { name: en.start })).toBeVisible()
  })

  it('starts with the language and voice that were chosen, and keeps the voice only if it speaks that language', async () => {
    const { user, done } = await show()
    await user.selectOptions(screen.getByLabelText(en.language), 'de-DE')
    await user.click(screen.getByRole('button', { name: en.start }))
    expect(done).toEqual(['start de-DE tina'])
    expect(localStorage.getItem('voice.language')).toBe('de-DE')
  })

  it('remembers the choice, unless it is not offered any more', async () => {
    localStorage.setItem('voice.language', 'de-DE')
    localStorage.setItem('voice.voice', 'gone')
    await show()
    expect(screen.getByLabelText(en.language)).toHaveValue('en-US')
  })

  it('can start although the options cannot be had, and asks again on demand', async () => {
    let reachable = false
    const fetchOptions = (): Promise<Options | Problem> =>
      Promise.resolve(reachable ? OPTIONS : { code: 'serviceUnreachable', detail: null })
    const { user } = await show({ fetchOptions })
    expect(screen.getByRole('alert')).toHaveTextContent(en.problems.serviceUnreachable.title)
    expect(screen.getByRole('button', { name: en.start })).toBeEnabled()
    reachable = true
    await user.click(screen.getByRole('button', { name: en.retryOptions }))
    expect(await screen.findByLabelText(en.voice)).toHaveValue('tiffany')
    expect(screen.queryByRole('alert')).toBeNull()
  })
})

describe('during a call', () => {
  it('says what is going on in one status line, apart from the log', async () => {
    const { goLive, happen, receive } = await show()
    goLive()
    expect(status()).toBe('Listening')
    happen({ type: 'speechStarted', atMs: 900 })
    expect(status()).toBe('Hearing you')
    receive({ type: 'state', seq: 3, state: 'thinking' })
    expect(status()).toBe('Thinking')
    happen({ type: 'playbackStarted', responseId: 1, atMs: 2000, lastSpeechAtMs: null })
    expect(status()).toBe('Speaking')
    expect(within(screen.getByRole('log')).queryByRole('status')).toBeNull()
  })

  it('keeps planned words from readers until they are spoken', async () => {
    const { goLive, receive } = await show()
    goLive()
    receive({ type: 'transcript', seq: 3, turn: 1, role: 'assistant', stage: 'planned', text: 'It is sunny.', responseId: 1 })
    const log = screen.getByRole('log')
    expect(within(log).getByText('It is sunny.')).toHaveAttribute('aria-hidden', 'true')
    receive({ type: 'transcript', seq: 4, turn: 1, role: 'assistant', stage: 'spoken', text: 'It is sunny.', responseId: 1 })
    expect(within(log).getByText('It is sunny.')).not.toHaveAttribute('aria-hidden')
  })

  it('shows how long each answer took', async () => {
    const { goLive, happen, receive } = await show()
    goLive()
    happen({ type: 'speechEnded', atMs: 1000, closedAtMs: 1000 }, { type: 'playbackStarted', responseId: 1, atMs: 2640, lastSpeechAtMs: null })
    receive({ type: 'transcript', seq: 4, turn: 1, role: 'assistant', stage: 'spoken', text: 'Hi.', responseId: 1 })
    expect(screen.getByText('answered in 1.6 s')).toBeInTheDocument()
  })

  it('reads new words to screen readers only if they ask for it', async () => {
    const { goLive } = await show()
    goLive()
    expect(screen.getByRole('log')).toHaveAttribute('aria-live', 'off')
  })

  it('announces new words once that is switched on', async () => {
    const { goLive } = await show({ settings: { ...SETTINGS, announce: true } })
    goLive()
    expect(screen.getByRole('log')).toHaveAttribute('aria-live', 'polite')
  })

  it('has its controls as pressed or not', async () => {
    const { goLive, user, done } = await show()
    goLive()
    const controls = within(screen.getByRole('toolbar'))
    const mute = controls.getByRole('button', { name: /Mute/u })
    await user.click(mute)
    expect(mute).toHaveAttribute('aria-pressed', 'true')
    expect(status()).toBe('Muted')
    await user.click(controls.getByRole('button', { name: 'Push to talk' }))
    expect(status()).toBe('Hold to talk')
    await user.click(controls.getByRole('button', { name: /Interrupt/u }))
    await user.click(controls.getByRole('button', { name: 'End' }))
    expect(done.slice(-2)).toEqual(['interrupt', 'end'])
  })

  it('sends typed text into the same thread and empties the field', async () => {
    const { goLive, user, done } = await show()
    goLive()
    await user.type(screen.getByRole('textbox', { name: en.composerLabel }), 'hello{Enter}')
    expect(done).toContain('say hello')
    expect(screen.getByRole('textbox', { name: en.composerLabel })).toHaveValue('')
    expect(within(screen.getByRole('log')).getByText('hello')).toBeInTheDocument()
  })

  it('shows the service’s complaint until it is dismissed', async () => {
    const { goLive, receive, user } = await show()
    goLive()
    receive({ type: 'error', seq: 5, code: 'x', message: 'Please say it again.', retryable: true, correlationId: null })
    expect(screen.getByRole('alert')).toHaveTextContent('Please say it again.')
    await user.click(screen.getByRole('button', { name: en.dismiss }))
    expect(screen.queryByRole('alert')).toBeNull()
  })

  it('keeps the thread while it reconnects, and says so', async () => {
    const { goLive, receive, happen } = await show()
    goLive()
    receive({ type: 'transcript', seq: 3, turn: 1, role: 'user', stage: 'spoken', text: 'hello' })
    happen({ type: 'socketClosed', closing: closingFor(1006), retryAtMs: 9000, atMs: 5000 })
    expect(status()).toBe('Reconnecting')
    expect(within(screen.getByRole('log')).getByText('hello')).toBeInTheDocument()
    expect(screen.getByRole('button', { name: en.cancel })).toBeVisible()
  })
})

describe('beside the words', () => {
  const answered = (atMs: number): readonly VoiceEvent[] => [
    { type: 'speechEnded', atMs: 1000, closedAtMs: 2000 }, { type: 'playbackStarted', responseId: 1, atMs, lastSpeechAtMs: null },
  ]

  it('tools are named while they are used and after', async () => {
    const { goLive, receive } = await show()
    goLive()
    receive({ type: 'tool', seq: 5, turn: 1, toolUseId: 't', name: 'current_time', status: 'started' })
    expect(within(screen.getByRole('log')).getByText('Using current_time')).toBeInTheDocument()
    receive({ type: 'tool', seq: 6, turn: 1, toolUseId: 't', name: 'current_time', status: 'finished' })
    expect(within(screen.getByRole('log')).getByText('Used current_time')).toBeInTheDocument()
  })

  it('the conversation is copied as text', async () => {
    const { goLive, receive, user } = await show()
    goLive()
    receive({ type: 'transcript', seq: 3, turn: 1, role: 'user', stage: 'spoken', text: 'hello' })
    await user.click(screen.getByRole('button', { name: en.copy }))
    expect(await navigator.clipboard.readText()).toBe('You: hello')
    expect(screen.getByText(en.copied)).toBeInTheDocument()
  })

  it('what was said is marked as the language that was spoken', async () => {
    const { goLive, receive } = await show()
    goLive()
    receive({ type: 'transcript', seq: 3, turn: 1, role: 'user', stage: 'spoken', text: 'hello' })
    expect(within(screen.getByRole('log')).getByText('hello').closest('[lang]')).toHaveAttribute('lang', 'en-US')
  })

  it.each(Object.keys(en.notices) as NoticeCode[])('what happened to the sound is said, and can be dismissed: %s', async (notice) => {
    const { goLive, happen, user } = await show()
    goLive()
    happen({ type: 'noticed', notice })
    expect(screen.getByRole('alert')).toHaveTextContent(en.notices[notice])
    await user.click(screen.getByRole('button', { name: en.dismiss }))
    expect(screen.queryByRole('alert')).toBeNull()
  })

  it('push to talk is offered where the echo cannot be removed', async () => {
    const { goLive, happen, user } = await show()
    goLive()
    happen({ type: 'noticed', notice: 'echo' })
    await user.click(screen.getByRole('button', { name: en.usePushToTalk }))
    expect(status()).toBe('Hold to talk')
    expect(screen.queryByRole('alert')).toBeNull()
    // Another such microphone, and push to talk is on already: the same button would turn it off.
    happen({ type: 'noticed', notice: 'echo' })
    expect(screen.queryByRole('button', { name: en.usePushToTalk })).toBeNull()
  })

  it('the next attempt is counted down', async () => {
    vi.useFakeTimers({ now: 10_000 })
    try {
      const { goLive, happen } = await show()
      goLive()
      happen({ type: 'socketClosed', closing: closingFor(1006), retryAtMs: 13_000, atMs: 10_000 })
      act(() => vi.advanceTimersByTime(10))
      expect(screen.getByText('in 3 s')).toBeInTheDocument()
      act(() => vi.advanceTimersByTime(2000))
      expect(screen.getByText('in 1 s')).toBeInTheDocument()
    } finally {
      vi.useRealTimers()
    }
  })

  it('the caption marks the word that is heard', async () => {
    const { goLive, receive, happen, conversation } = await show()
    goLive()
    receive({ type: 'transcript', seq: 3, turn: 1, role: 'assistant', stage: 'planned', text: 'It is sunny.', responseId: 1 })
    conversation.meters.playout = { responseId: 1, positionMs: 900, arrivedMs: 1000, atMs: Date.now() }
    happen({ type: 'playbackStarted', responseId: 1, atMs: 2000, lastSpeechAtMs: null })
    expect(await screen.findByText('sunny.')).toHaveAttribute('data-caption', 'word')
  })

  it('details tell the response time in its parts, the usage, and every event', async () => {
    const { goLive, happen, receive, user, conversation } = await show()
    goLive()
    happen({ type: 'speechStarted', atMs: 500 }, ...answered(3000))
    receive({ type: 'usage', seq: 8, input: { speechTokens: 1200, textTokens: 1 }, output: { speechTokens: 1, textTokens: 1 }, totalTokens: 1203 })
    conversation.log.add('service', { type: 'ready' }, 1000)
    conversation.log.add('sound', { type: 'microphone', label: 'Headset' }, 1001)
    await open(en.details)
    const details = await screen.findByRole('region', { name: en.responseTimes, hidden: true })
    expect(within(details).getAllByText('2.0 s')).toHaveLength(3)
    expect([...details.querySelectorAll('[data-stage]')].map((stage) => stage.getAttribute('data-ms'))).toEqual(['1000', '1000', '0'])
    expect(screen.getByText('1,203')).toBeInTheDocument()
    await user.type(screen.getByLabelText(en.filterEvents), 'headset')
    expect(screen.getByText('1 of 2 events')).toBeInTheDocument()
  })

  it('volume and pause are told to the call and remembered', async () => {
    const { goLive, done } = await show()
    goLive()
    await open(en.sound)
    fireEvent.change(screen.getByLabelText(/^Volume/u), { target: { value: '40' } })
    fireEvent.change(screen.getByLabelText(/^Pause before/u), { target: { value: '700' } })
    expect(done.slice(-2)).toEqual(['sound 0.4 -', 'sound 0.4 700'])
    expect(JSON.parse(localStorage.getItem('voice.sound') ?? '')).toMatchObject({ volume: 0.4, pauseMs: 700 })
    expect(screen.getByLabelText(/^Pause before/u)).toHaveAttribute('max', '1900')
  })

  it('without a way to choose a loudspeaker the menu says whose is used', async () => {
    await show()
    await open(en.sound)
    expect(screen.getByText(en.speakerBySystem)).toBeInTheDocument()
    expect(screen.getByLabelText(en.microphone)).toHaveValue('')
  })
})

describe('the keyboard', () => {
  it('mutes with M and interrupts with Esc, but not while one types', async () => {
    const { goLive, user, done } = await show()
    goLive()
    await user.keyboard('m')
    expect(status()).toBe('Muted')
    await user.keyboard('{Escape}')
    expect(done).toContain('interrupt')
    await user.type(screen.getByRole('textbox', { name: en.composerLabel }), 'm')
    expect(status()).toBe('Muted')
  })

  it('talks while Space is held', async () => {
    const { goLive, user, done } = await show()
    goLive()
    await user.click(screen.getByRole('button', { name: 'Push to talk' }))
    act(() => (document.activeElement as HTMLElement).blur())
    await user.keyboard('{ >}')
    expect(done.at(-1)).toBe('hold')
    await user.keyboard('{/ }')
    expect(done.at(-1)).toBe('release')
  })

  it('does nothing when its shortcuts are switched off', async () => {
    const { goLive, user, done } = await show({ settings: { ...SETTINGS, shortcuts: false } })
    goLive()
    await user.keyboard('m{Escape}')
    expect(status()).toBe('Listening')
    expect(done).not.toContain('interrupt')
  })
})

describe('after a call', () => {
  it('says how it went and offers to start again', async () => {
    const { goLive, happen, receive } = await show()
    goLive()
    happen({ type: 'speechEnded', atMs: 1000, closedAtMs: 1000 }, { type: 'playbackStarted', responseId: 1, atMs: 1800, lastSpeechAtMs: null })
    receive({ type: 'transcript', seq: 4, turn: 1, role: 'assistant', stage: 'spoken', text: 'Hi.', responseId: 1 })
    happen({ type: 'endRequested', atMs: 9000 })
    expect(screen.getByText('1 answer, typically after 0.8 s')).toBeInTheDocument()
    expect(screen.getByRole('button', { name: en.startAgain })).toBeVisible()
    expect(screen.getByRole('button', { name: en.copy })).toBeVisible()
  })

  it.each(Object.keys(en.problems) as ProblemCode[])('names the problem and what helps: %s', async (code) => {
    const { goLive, happen } = await show()
    goLive()
    happen({ type: 'problemMet', problem: { code, detail: 'The service said this.' }, atMs: 1 })
    const alert = screen.getByRole('alert')
    expect(alert).toHaveTextContent(en.problems[code].title)
    expect(alert).toHaveTextContent(en.problems[code].remedy)
    expect(alert).toHaveTextContent('The service said this.')
  })

  it('without a microphone one can go on by typing', async () => {
    const { user, happen, done } = await show()
    happen({ type: 'startRequested', typing: false }, { type: 'problemMet', problem: { code: 'microphoneMissing', detail: null }, atMs: 1 })
    await user.click(screen.getByRole('button', { name: en.typeInstead }))
    expect(done).toEqual(['start en-US tiffany typing'])
  })
})

it('each change of a setting is told', async () => {
  const { user, onSettings } = await show()
  await user.selectOptions(screen.getByLabelText(en.interfaceLanguage), 'fr')
  expect(onSettings).toHaveBeenLastCalledWith({ ...SETTINGS, language: 'fr' })
  await user.click(screen.getByRole('radio', { name: 'Dark', hidden: true }))
  expect(onSettings).toHaveBeenLastCalledWith({ ...SETTINGS, theme: 'dark' })
  await user.click(screen.getByRole('switch', { name: /Keyboard shortcuts/u, hidden: true }))
  expect(onSettings).toHaveBeenLastCalledWith({ ...SETTINGS, shortcuts: false })
})
