import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { MicrophoneError } from './audio/capture.ts'
import type { SocketToPage } from './audio/messages.ts'
import { live, lost, page, READY } from './conversation.fixture.ts'
import type { ServerMessage } from './protocol.ts'
import { DEFAULT_SOUND } from './sound.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('starting', () => {
  it('opens the microphone, then the socket, then says what was chosen', async () => {
    const { done, sent, phase } = await live()
    expect(done).toEqual(['microphone asked', 'ports handed over', 'socket opened', 'silence 800', 'gate open'])
    expect(sent).toEqual([{ type: 'start', language: 'de-DE', voice: 'tina' }])
    expect(phase()).toBe('listening')
  })

  it('without a choice leaves it to the service', async () => {
    const { conversation, socket, sent } = page()
    await conversation.start(null)
    socket({ type: 'opened' })
    expect(sent).toEqual([{ type: 'start' }])
  })

  it('that is refused the microphone says why, and opens no socket', async () => {
    const { conversation, store, done } = page({ microphone: new MicrophoneError('microphoneDenied') })
    await conversation.start(null)
    expect(store.getState().call).toEqual({ status: 'failed', problem: { code: 'microphoneDenied', detail: null } })
    expect(done).toEqual(['microphone asked'])
  })

  it.each([
    ['serviceUnreachable', 'serviceUnreachable'],
    ['serviceRefused', 'setupFailed'],
  ] as const)('whose worklets do not load asks why: %s', async (diagnosed, code) => {
    const failing = page({ microphone: new DOMException('Unable to load a worklet', 'AbortError'), diagnosis: { code: diagnosed, detail: null } })
    await failing.conversation.start(null)
    expect(failing.store.getState().call).toEqual({ status: 'failed', problem: { code, detail: null } })
  })

  it('by typing needs no microphone and keeps the gate closed', async () => {
    const { conversation, socket, receive, done, phase } = page()
    await conversation.start(null, { typing: true })
    socket({ type: 'opened' })
    receive(READY)
    receive({ type: 'state', seq: 2, state: 'listening' })
    expect(phase()).toBe('listening')
    expect(done).toEqual(['loudspeaker only', 'ports handed over', 'socket opened', 'silence 800'])
  })

  it('that is cancelled while the microphone is being asked for closes it again', async () => {
    const { conversation, done, phase } = page()
    const starting = conversation.start(null)
    conversation.end()
    await starting
    expect(phase()).toBe('ended')
    expect(done).toEqual(['microphone asked', 'audio closed'])
  })

  const REFUSED: SocketToPage = { type: 'closed', code: 1006, reason: '', opened: false }

  it('takes another ticket when the service refuses the socket: the first may have been too old', async () => {
    const { conversation, socket, done, phase } = page()
    await conversation.start(null)
    socket(REFUSED)
    await vi.advanceTimersByTimeAsync(0)
    expect(phase()).toBe('connecting')
    expect(done.filter((step) => step === 'socket opened')).toHaveLength(2)
  })

  it('asks why when the service refuses that one too', async () => {
    const { conversation, socket, store } = page({ diagnosis: { code: 'serviceRefused', detail: 'All sessions are taken.' } })
    await conversation.start(null)
    socket(REFUSED)
    await vi.advanceTimersByTimeAsync(0)
    socket(REFUSED)
    await vi.advanceTimersByTimeAsync(0)
    expect(store.getState().call).toEqual({ status: 'failed', problem: { code: 'serviceRefused', detail: 'All sessions are taken.' } })
  })

  it('gives up on a service that accepts and says nothing', async () => {
    const { conversation, socket, store, done } = page()
    await conversation.start(null)
    socket({ type: 'opened' })
    await vi.advanceTimersByTimeAsync(15_000)
    expect(store.getState().call).toMatchObject({ problem: { code: 'serviceSilent' } })
    expect(done.slice(-3)).toEqual(['socket closed', 'devices not watched', 'audio closed'])
  })

  it('twice is starting once', async () => {
    const { conversation, done } = await live()
    await conversation.start(null)
    expect(done.filter((step) => step === 'microphone asked')).toHaveLength(1)
  })
})

describe('during the call', () => {
  it('the response time ends when the sample is heard, not when it leaves the player', async () => {
    const { audio, store } = await live()
    audio().onCapture({ type: 'level', level: 0.1, lastSpeechAtMs: Date.now() - 400 })
    audio().onPlayer({ type: 'started', responseId: 1, atMs: Date.now() })
    expect(store.getState().times).toMatchObject([{ session: 1, responseId: 1, ms: 430 }])
  })

  it('the detector is told when the service has closed the turn', async () => {
    const { receive, done } = await live()
    receive({ type: 'state', seq: 3, state: 'thinking' })
    expect(done.at(-1)).toBe('utterance closed')
  })

  it('muting closes the gate and push to talk holds it', async () => {
    const { conversation, done } = await live()
    conversation.toggleMute()
    conversation.toggleMute()
    conversation.toggleMode()
    conversation.hold(true)
    conversation.hold(false)
    expect(done.slice(-5)).toEqual(['gate closed', 'gate open', 'gate closed', 'gate held', 'gate closed'])
  })

  it('typed text is sent without its surroundings, and nothing is not sent', async () => {
    const { conversation, sent, store } = await live()
    conversation.say('  hello ')
    conversation.say('   ')
    conversation.interrupt()
    expect(sent.slice(1)).toEqual([{ type: 'text', text: 'hello' }, { type: 'interrupt' }])
    expect(store.getState().thread).toMatchObject([{ spoken: ['hello'], via: 'text' }])
  })

  it('the pause that ends a turn is the user’s, within what the service allows', async () => {
    const { conversation, done } = await live()
    conversation.setSound({ ...DEFAULT_SOUND, pauseMs: 600 })
    conversation.setSound({ ...DEFAULT_SOUND, pauseMs: 60_000 })
    conversation.setSound(DEFAULT_SOUND)
    expect(done.filter((step) => step.startsWith('silence'))).toEqual(['silence 800', 'silence 600', 'silence 1900', 'silence 800'])
  })

  it('is written down, whatever happens, without levels and without secrets', async () => {
    const { conversation, audio } = await live()
    audio().onCapture({ type: 'level', level: 0.1, lastSpeechAtMs: null })
    audio().onPlayer({ type: 'held', held: true, responseId: 1, positionMs: 320, atMs: 1 })
    expect(conversation.log.getEvents().map(({ source, name }) => `${source} ${name}`)).toEqual([
      'page startRequested', 'sound microphoneOpened', 'sound microphone', 'service ready', 'service state', 'sound held',
    ])
  })

  it('a page whose sound was suspended tries at once, and says so until it sounds again', async () => {
    const { audio, store, done } = await live()
    audio().onSuspended(true)
    expect(done.at(-1)).toBe('resumed')
    expect(store.getState().notice).toBe('soundSuspended')
    audio().onSuspended(false)
    expect(store.getState().notice).toBeNull()
  })

  it('levels go to the meters and not through the store', async () => {
    const { audio, store, conversation } = await live()
    const before = store.getState()
    audio().onCapture({ type: 'level', level: 0.25, lastSpeechAtMs: null })
    const playout = { responseId: 1, positionMs: 40, arrivedMs: 120 }
    audio().onPlayer({ type: 'level', level: 0.5, playout, atMs: 7, audibleSamples: 480, underruns: 1, bufferedMs: 80 })
    expect(conversation.meters).toEqual({
      microphone: 0.25, assistant: 0.5, playedSamples: 480, underruns: 1, outputLatencyMs: 30, playout: { ...playout, atMs: 7 },
    })
    expect(store.getState()).toBe(before)
  })

  it('what was heard is counted over calls, each of which has a player of its own; gaps are counted in each', async () => {
    const { audio, conversation } = await live()
    const level = { type: 'level', level: 0.5, playout: null, atMs: 7, audibleSamples: 480, underruns: 1, bufferedMs: 80 } as const
    audio().onPlayer(level)
    conversation.end()
    expect(conversation.meters).toMatchObject({ microphone: 0, assistant: 0, playedSamples: 480, underruns: 1 })
    await conversation.start(null)
    expect(conversation.meters).toMatchObject({ playedSamples: 480, underruns: 0 })
    audio().onPlayer(level)
    expect(conversation.meters).toMatchObject({ playedSamples: 960, underruns: 1 })
  })
})

describe('while the page is away', () => {
  const SAID: ServerMessage = { type: 'transcript', seq: 3, turn: 1, role: 'user', stage: 'spoken', text: 'hello' }

  it('what was said is kept, and the next call stands below it', async () => {
    const before = await live()
    before.receive(SAID)
    before.socket(lost(4401))
    const kept = before.conversation.keep() ?? expect.fail('nothing was kept')

    const { conversation, store, socket, receive } = page()
    conversation.restore(kept)
    expect(store.getState()).toMatchObject({ call: { status: 'ended', why: 'signedInAgain' }, thread: [{ spoken: ['hello'] }] })
    await conversation.start(null)
    socket({ type: 'opened' })
    receive(READY)
    receive({ ...SAID, text: 'again' })
    expect(store.getState().thread).toMatchObject([{ spoken: ['hello'] }, { note: 'freshSession' }, { spoken: ['again'] }])
  })

  it('nothing is kept of a call in which nothing was said', async () => {
    expect((await live()).conversation.keep()).toBeNull()
  })

  it.each(['', 'null', '{"version":2}', '{"version":1,"thread":[{"kind":"said"}]}'])('what cannot be read is not restored: %s', (kept) => {
    const { conversation, store } = page()
    conversation.restore(kept)
    expect(store.getState().call.status).toBe('idle')
  })
})

describe('a clock', () => {
  it.each([[3_600_000, 'clockWrong'], [-3_600_000, 'clockWrong'], [299_000, null]])('that is %s ms off is told: %s', async (offMs, notice) => {
    const { conversation, store } = await live()
    conversation.clockSeen(Date.now() + offMs)
    expect(store.getState().notice).toBe(notice)
  })

  it('is told of once', async () => {
    const { conversation, store } = await live()
    conversation.clockSeen(0)
    conversation.dismissNotice()
    conversation.clockSeen(0)
    expect(store.getState().notice).toBeNull()
  })
})

describe('ending', () => {
  it('says goodbye, closes everything, and lets the worker finish first', async () => {
    const { conversation, sent, done } = await live()
    conversation.end()
    expect(sent.at(-1)).toEqual({ type: 'end' })
    expect(done.slice(-3)).toEqual(['socket closed', 'devices not watched', 'audio closed'])
    await vi.advanceTimersByTimeAsync(1000)
    expect(done.at(-1)).toBe('worker ended')
  })

  it('and starting again begins with a clean page', async () => {
    const { conversation, store, phase } = await live()
    conversation.say('hello')
    conversation.end()
    await conversation.start(null)
    expect(phase()).toBe('connecting')
    expect(store.getState().thread).toEqual([])
  })
})
