import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import type { AudioListener } from './audio/audio-path.ts'
import { MicrophoneError } from './audio/capture.ts'
import type { Devices, OpenMicrophone } from './audio/device-choice.ts'
import type { SocketToPage } from './audio/messages.ts'
import { Conversation } from './conversation.ts'
import type { Problem } from './problems.ts'
import type { ClientMessage, Ready, ServerMessage } from './protocol.ts'
import { phaseOf } from './session.ts'
import { DEFAULT_SOUND } from './sound.ts'
import { createVoiceStore } from './store.ts'
import { type Proof, TicketRefused } from './tickets.ts'

const READY: Ready = {
  type: 'ready', seq: 1, sessionId: 's', conversationId: 'c', epoch: 1, lastTurn: 0, resumeToken: null, resumed: false, model: 'm',
  language: 'en-US', voice: 'tiffany', inputSampleRateHz: 16000, outputSampleRateHz: 24000, silenceThresholdMs: 800,
  watchdogMs: 2000, heartbeatMs: 20000,
  limits: { messageBytes: 32768, inputRate: 1.25, controlPerS: 20, sessionS: 3600, idleS: 300, textChars: 1000 },
}

const MICROPHONE: OpenMicrophone = { id: 'a', groupId: 'g', label: 'Headset', echoCancelled: true }

/** A page whose microphone, loudspeaker and socket are lists of what was asked of them. */
function page({
  unplugged = false,
  microphone = 'open' as 'open' | Error,
  network = 'there' as 'there' | 'missing',
  diagnosis = { code: 'serviceUnreachable', detail: null } as Problem,
  tickets = (_proof: Proof): string | TicketRefused => 'ticket',
} = {}) {
  const done: string[] = []
  const sent: ClientMessage[] = []
  let socket: (event: SocketToPage) => void = () => expect.fail('no socket was opened')
  let audio: AudioListener | undefined
  const store = createVoiceStore()
  const channel = new MessageChannel()
  let plugged: Devices = { microphones: [{ id: 'a', groupId: 'g', label: 'Headset' }], speakers: [] }
  let plug = (): void => expect.fail('nobody watches the devices')
  const conversation = new Conversation(store, {
    openAudio: async ({ microphone: wanted }, listener) => {
      done.push(wanted ? 'microphone asked' : 'loudspeaker only')
      if (microphone !== 'open') throw microphone
      listener.onMicrophoneOpened()
      if (wanted) listener.onMicrophone(MICROPHONE)
      if (unplugged) listener.onMicrophoneLost()
      audio = listener
      return Promise.resolve({
        socketPorts: { capture: channel.port1, player: channel.port2 },
        outputLatencyMs: () => 30,
        setGate: (gate) => done.push(`gate ${gate}`),
        setSilenceThreshold: (ms) => done.push(`silence ${ms}`),
        utteranceClosed: () => done.push('utterance closed'),
        useMicrophone: async (id) => {
          done.push(`microphone ${id ?? 'default'}`)
          listener.onMicrophone({ ...MICROPHONE, id: id ?? 'default' })
          return Promise.resolve()
        },
        useSpeaker: async (id) => {
          done.push(`speaker ${id ?? 'default'}`)
          return Promise.resolve(true)
        },
        setVolume: (volume) => done.push(`volume ${volume}`),
        useDetector: async (detector) => {
          done.push(`detector ${detector}`)
          return network === 'there' ? Promise.resolve() : Promise.reject(new TypeError('Failed to fetch'))
        },
        resume: () => done.push('resumed'),
        close: () => done.push('audio closed'),
      })
    },
    openSocket: (onEvent) => {
      socket = onEvent
      return {
        connect: () => done.push('ports handed over'),
        open: (ticket) => done.push(ticket === 'ticket' ? 'socket opened' : `socket opened with ${ticket}`),
        send: (message) => sent.push(message),
        close: () => done.push('socket closed'),
        dispose: () => done.push('worker ended'),
      }
    },
    devices: {
      list: () => Promise.resolve(plugged),
      watch: (listener) => {
        plug = listener
        return () => done.push('devices not watched')
      },
    },
    getTicket: (proof) => {
      const answer = tickets(proof)
      return typeof answer === 'string' ? Promise.resolve(answer) : Promise.reject(answer)
    },
    diagnose: () => Promise.resolve(diagnosis),
    now: () => Date.now(),
    random: () => 0.5,
  })
  return {
    conversation,
    store,
    done,
    sent,
    phase: () => phaseOf(store.getState()),
    receive: (message: ServerMessage) => socket({ type: 'message', message, audioMs: 0 }),
    /** These are there from now on. */
    plug: async (devices: Partial<Devices>): Promise<void> => {
      plugged = { ...plugged, ...devices }
      plug()
      await vi.advanceTimersByTimeAsync(0)
    },
    socket: (event: SocketToPage) => socket(event),
    audio: (): AudioListener => audio ?? expect.fail('no audio was opened'),
  }
}

type Page = ReturnType<typeof page>

async function live(options?: Parameters<typeof page>[0]): Promise<Page> {
  const opened = page(options)
  await opened.conversation.start({ language: 'de-DE', voice: 'tina' })
  opened.socket({ type: 'opened' })
  opened.receive(READY)
  opened.receive({ type: 'state', seq: 2, state: 'listening' })
  return opened
}

const lost = (code: number): SocketToPage => ({ type: 'closed', code, reason: '', opened: true })

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
})

describe('devices that come and go while one talks', () => {
  const [HEADSET, DESK] = [{ id: 'a', groupId: 'g', label: 'Headset' }, { id: 'b', groupId: 'h', label: 'Desk' }]

  it('a microphone that is unplugged is replaced, and the call goes on', async () => {
    const { audio, store, done, plug, phase } = await live()
    audio().onMicrophoneLost()
    await plug({ microphones: [DESK] })
    expect(done.at(-1)).toBe('microphone default')
    expect(store.getState().notice).toBe('microphoneSwitched')
    expect(phase()).toBe('listening')
  })

  it('without another one the call goes on by typing, and by talking once it is back', async () => {
    const { audio, store, done, plug } = await live()
    await plug({ microphones: [] })
    audio().onMicrophoneLost()
    await vi.advanceTimersByTimeAsync(0)
    expect(store.getState()).toMatchObject({ notice: 'microphoneGone', input: { mode: 'typing' }, call: { status: 'live' } })
    expect(done.at(-1)).toBe('gate closed')
    await plug({ microphones: [HEADSET] })
    expect(store.getState()).toMatchObject({ notice: 'microphoneBack', input: { mode: 'handsFree', muted: false } })
    expect(done.slice(-2)).toEqual(['microphone default', 'gate open'])
  })

  it('a microphone that is chosen is used at once, and nothing is said about it', async () => {
    const { conversation, store, done, plug } = await live()
    await plug({ microphones: [HEADSET, DESK] })
    conversation.setSound({ ...DEFAULT_SOUND, microphoneId: 'b' })
    await vi.advanceTimersByTimeAsync(0)
    expect(done.at(-1)).toBe('microphone b')
    expect(store.getState().notice).toBeNull()
  })

  it('a loudspeaker that is chosen is used, and named when it goes', async () => {
    const { conversation, store, done, plug } = await live()
    await plug({ speakers: [{ id: 's', groupId: 'g', label: 'Headset' }] })
    conversation.setSound({ ...DEFAULT_SOUND, speakerId: 's' })
    await vi.advanceTimersByTimeAsync(0)
    expect(done.at(-1)).toBe('speaker s')
    expect(store.getState().notice).toBeNull()
    await plug({ speakers: [] })
    expect(done.at(-1)).toBe('speaker default')
    expect(store.getState().notice).toBe('speakerGone')
  })

  it('one that cannot take out the echo is named, with push to talk as the way on', async () => {
    const { audio, store } = await live()
    audio().onMicrophone({ ...HEADSET, echoCancelled: false })
    expect(store.getState().notice).toBe('echo')
  })

  it('one that goes while the call is being set up is replaced too', async () => {
    const { conversation, done, store, receive } = page({ unplugged: true })
    await conversation.start(null)
    receive(READY)
    await vi.advanceTimersByTimeAsync(0)
    expect(done).toContain('microphone default')
    expect(store.getState().call.status).toBe('live')
  })

  it('a call by typing opens none', async () => {
    const { conversation, done, plug } = page()
    await conversation.start(null, { typing: true })
    await plug({ microphones: [HEADSET, DESK] })
    expect(done.filter((step) => step.startsWith('microphone'))).toEqual([])
  })
})

describe('a lost connection', () => {
  const opened = (done: readonly string[]): number => done.filter((step) => step === 'socket opened').length

  it('is tried again after a jittered moment, on the same audio, one socket at a time', async () => {
    const { socket, receive, done, phase } = await live()
    socket(lost(1006))
    expect(phase()).toBe('reconnecting')
    await vi.advanceTimersByTimeAsync(249)
    expect(opened(done)).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(opened(done)).toBe(2)
    socket({ type: 'opened' })
    receive(READY)
    expect(phase()).toBe('connecting')
    expect(done).not.toContain('audio closed')
  })

  it('is tried for a minute, less and less often, and then a person decides', async () => {
    const { socket, store, done } = await live()
    const waits: number[] = []
    while (store.getState().call.status !== 'failed') {
      socket(lost(1006))
      const { call } = store.getState()
      if (call.status !== 'reconnecting') break
      waits.push(call.retryAtMs - Date.now())
      await vi.advanceTimersByTimeAsync(call.retryAtMs - Date.now() + 1000)
    }
    expect(waits.slice(0, 6)).toEqual([250, 500, 1000, 2000, 4000, 7500])
    expect(store.getState().call).toMatchObject({ status: 'failed', problem: { code: 'connectionLost' } })
    expect(waits.length).toBeLessThan(15)
    expect(done.slice(-3)).toEqual(['socket closed', 'devices not watched', 'audio closed'])
  })

  it('is not tried again after the user has ended the call', async () => {
    const { socket, conversation, done, phase } = await live()
    socket(lost(1006))
    conversation.end()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(opened(done)).toBe(1)
    expect(phase()).toBe('ended')
  })

  it('of an ended call is not taken up by the next one', async () => {
    const { socket, conversation, done } = await live()
    socket(lost(1006))
    conversation.end()
    await conversation.start(null)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(opened(done)).toBe(2)
  })

  it.each([[4400, 'protocolFault'], [4401, 'signInRequired'], [4403, 'forbidden'], [1009, 'messageTooBig']])(
    'with close code %i is not tried again',
    async (code, problem) => {
      const { socket, store, done } = await live()
      socket(lost(code))
      await vi.advanceTimersByTimeAsync(60_000)
      expect(store.getState().call).toMatchObject({ status: 'failed', problem: { code: problem } })
      expect(opened(done)).toBe(1)
    },
  )

  it.each([[4408, 'idle'], [4409, 'superseded'], [1000, 'done']])('with close code %i is a calm end', async (code, why) => {
    const { socket, store } = await live()
    socket(lost(code))
    expect(store.getState().call).toEqual({ status: 'ended', why })
  })

  it('that was announced is taken up again at the moment the service chose', async () => {
    const { receive, socket, done } = await live()
    receive({ type: 'goAway', seq: 4, reason: 'deploy', deadlineMs: 25_000, reconnectAfterMs: 3000 })
    await vi.advanceTimersByTimeAsync(1000)
    socket(lost(4503))
    await vi.advanceTimersByTimeAsync(1999)
    expect(opened(done)).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(opened(done)).toBe(2)
  })

  it('that was announced and ended after that moment is taken up again at once', async () => {
    const { receive, socket, done } = await live()
    receive({ type: 'goAway', seq: 4, reason: 'deploy', deadlineMs: 25_000, reconnectAfterMs: 3000 })
    await vi.advanceTimersByTimeAsync(8000)
    socket(lost(4503))
    await vi.advanceTimersByTimeAsync(0)
    expect(opened(done)).toBe(2)
  })
})

describe('tickets', () => {
  const FULL = new TicketRefused({ code: 'serviceRefused', detail: 'All places are taken.' }, { kind: 'retry', leastMs: 3000, problem: 'serviceLeaving' })
  const SIGN_IN = new TicketRefused({ code: 'signInRequired', detail: null }, { kind: 'fail', problem: 'signInRequired' })
  const EXPIRING: ServerMessage = { type: 'authExpiring', seq: 9, inMs: 20_000 }
  const auths = (sent: readonly ClientMessage[]): readonly ClientMessage[] => sent.filter(({ type }) => type === 'auth')
  /** One answer after the other; the last one for ever. */
  const inTurn = (...answers: (string | TicketRefused)[]) => {
    const asked: Proof[] = []
    const tickets = (proof: Proof): string | TicketRefused => {
      asked.push(proof)
      return answers[Math.min(asked.length, answers.length) - 1] ?? expect.fail('no answer')
    }
    return { asked, tickets }
  }

  it('are asked for anew before every connection', async () => {
    const { socket, done } = await live({ tickets: inTurn('first', 'second').tickets })
    socket(lost(1006))
    await vi.advanceTimersByTimeAsync(250)
    expect(done.filter((step) => step.startsWith('socket opened'))).toEqual(['socket opened with first', 'socket opened with second'])
  })

  it.each([[FULL, { code: 'serviceRefused', detail: 'All places are taken.' }], [SIGN_IN, { code: 'signInRequired', detail: null }]])(
    'refused to somebody who waits for a call are explained at once',
    async (refusal, problem) => {
      const { conversation, store, done } = page({ tickets: () => refusal })
      await conversation.start(null)
      expect(store.getState().call).toEqual({ status: 'failed', problem })
      expect(done).toEqual(['microphone asked', 'ports handed over', 'socket closed', 'devices not watched', 'audio closed'])
    },
  )

  it('refused for a while are asked for again, no sooner than the service said', async () => {
    const { socket, done, phase } = await live({ tickets: inTurn('first', FULL, 'third').tickets })
    socket(lost(1006))
    await vi.advanceTimersByTimeAsync(250 + 3499)
    expect(phase()).toBe('reconnecting')
    expect(done).not.toContain('socket opened with third')
    await vi.advanceTimersByTimeAsync(1)
    expect(done).toContain('socket opened with third')
  })

  it('refused because the sign-in is over end the attempts', async () => {
    const { socket, store } = await live({ tickets: inTurn('first', SIGN_IN).tickets })
    socket(lost(1006))
    await vi.advanceTimersByTimeAsync(250)
    expect(store.getState().call).toMatchObject({ status: 'failed', problem: { code: 'signInRequired' } })
  })

  it('that come after the call was ended are not used', async () => {
    const { conversation, done } = page({ tickets: () => 'late' })
    const starting = conversation.start(null)
    conversation.end()
    await starting
    expect(done.filter((step) => step.startsWith('socket opened'))).toEqual([])
  })

  it('are renewed within the call when the sign-in runs out', async () => {
    const { asked, tickets } = inTurn('first', 'second')
    const { receive, sent, phase } = await live({ tickets })
    receive(EXPIRING)
    await vi.advanceTimersByTimeAsync(0)
    expect(auths(sent)).toEqual([{ type: 'auth', ticket: 'second' }])
    expect(asked).toEqual(['known', 'renewed'])
    expect(phase()).toBe('listening')
  })

  it('that cannot be renewed just now are asked for again while there is time', async () => {
    const { tickets } = inTurn('first', FULL, FULL, 'fourth')
    const { receive, sent } = await live({ tickets })
    receive(EXPIRING)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(auths(sent)).toEqual([{ type: 'auth', ticket: 'fourth' }])
  })

  it('that cannot be renewed at all leave the call alone until the service ends it', async () => {
    const { asked, tickets } = inTurn('first', FULL)
    const { receive, sent, phase } = await live({ tickets })
    receive(EXPIRING)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(auths(sent)).toEqual([])
    expect(asked).toHaveLength(5)
    expect(phase()).toBe('listening')
  })

  it('that renewed nothing are replaced once, and the user is not bothered with it', async () => {
    const { asked, tickets } = inTurn('first', 'second', 'third', 'fourth')
    const { receive, sent, store } = await live({ tickets })
    const refused: ServerMessage = { type: 'error', seq: 10, code: 'ticket_refused', message: 'Get another.', retryable: true, correlationId: null }
    receive(EXPIRING)
    await vi.advanceTimersByTimeAsync(0)
    receive(refused)
    await vi.advanceTimersByTimeAsync(0)
    receive(refused)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(auths(sent)).toEqual([{ type: 'auth', ticket: 'second' }, { type: 'auth', ticket: 'third' }])
    expect(asked).toEqual(['known', 'renewed', 'renewed'])
    expect(store.getState().complaint).toBeNull()
  })

  it('for a session that is gone are not given to the next one', async () => {
    const { asked, tickets } = inTurn('first', FULL, 'third')
    const { receive, socket, sent } = await live({ tickets })
    receive(EXPIRING)
    await vi.advanceTimersByTimeAsync(0)
    socket(lost(1006))
    await vi.advanceTimersByTimeAsync(250)
    socket({ type: 'opened' })
    receive(READY)
    await vi.advanceTimersByTimeAsync(20_000)
    expect(asked).toEqual(['known', 'renewed', 'known'])
    expect(auths(sent)).toEqual([])
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

describe('the network that tells speech from noise', () => {
  it('is used from the beginning where it was chosen, and given up at once', async () => {
    const { conversation, socket, receive, done } = page()
    conversation.setSound({ ...DEFAULT_SOUND, detector: 'network' })
    await conversation.start(null)
    socket({ type: 'opened' })
    receive(READY)
    conversation.setSound(DEFAULT_SOUND)
    expect(done.filter((step) => step.startsWith('detector'))).toEqual(['detector network', 'detector level'])
  })

  it('is told of when it cannot be had', async () => {
    const { conversation, store } = await live({ network: 'missing' })
    conversation.setSound({ ...DEFAULT_SOUND, detector: 'network' })
    await vi.advanceTimersByTimeAsync(0)
    expect(store.getState().notice).toBe('detectorMissing')
  })
})

it('a service that takes a lost call up and says nothing is asked once more, whatever it answers to being left', async () => {
  const { socket, receive, phase, done } = await live()
  socket(lost(1006))
  await vi.advanceTimersByTimeAsync(250)
  socket({ type: 'opened' })
  await vi.advanceTimersByTimeAsync(15_000)
  expect(done.at(-1)).toBe('socket closed')
  socket(lost(1000))
  expect(phase()).toBe('reconnecting')
  await vi.advanceTimersByTimeAsync(1000)
  socket({ type: 'opened' })
  receive(READY)
  receive({ type: 'state', seq: 2, state: 'listening' })
  expect(phase()).toBe('listening')
})

describe('a conversation that the service keeps', () => {
  const KEPT: Ready = { ...READY, resumeToken: 'token' }
  const SAID: ServerMessage = { type: 'transcript', seq: 3, turn: 1, role: 'user', stage: 'spoken', text: 'hello' }
  const starts = (sent: readonly ClientMessage[]): readonly ClientMessage[] => sent.filter(({ type }) => type === 'start')

  async function talked() {
    const opened = page()
    await opened.conversation.start(null)
    opened.socket({ type: 'opened' })
    opened.receive(KEPT)
    opened.receive({ type: 'state', seq: 2, state: 'listening' })
    opened.receive(SAID)
    opened.socket(lost(1006))
    await vi.advanceTimersByTimeAsync(250)
    opened.socket({ type: 'opened' })
    return opened
  }

  it('is continued when the connection was lost', async () => {
    const { sent } = await talked()
    expect(starts(sent)).toEqual([{ type: 'start' }, { type: 'start', conversationId: 'c' }])
  })

  it('is begun anew when the service has it no more', async () => {
    const { socket, sent, phase } = await talked()
    socket(lost(4410))
    await vi.advanceTimersByTimeAsync(1000)
    socket({ type: 'opened' })
    expect(starts(sent).at(-1)).toEqual({ type: 'start' })
    expect(phase()).toBe('reconnecting')
  })

  it('and that is gone by the time the user has signed in again does not keep the call from beginning', async () => {
    const before = await talked()
    before.socket(lost(4401))
    const after = page()
    after.conversation.restore(before.conversation.keep() ?? expect.fail('nothing was kept'))
    await after.conversation.start(null)
    after.socket({ type: 'opened' })
    after.socket(lost(4410))
    await vi.advanceTimersByTimeAsync(0)
    after.socket({ type: 'opened' })
    after.receive({ ...KEPT, conversationId: 'new' })
    expect(starts(after.sent)).toEqual([{ type: 'start', conversationId: 'c' }, { type: 'start' }])
    expect(after.store.getState().thread).toMatchObject([{ spoken: ['hello'] }, { note: 'freshSession' }])
  })

  it('that was ended is not continued by the next call', async () => {
    const { conversation, socket, sent } = await talked()
    conversation.end()
    await conversation.start(null)
    socket({ type: 'opened' })
    expect(starts(sent).at(-1)).toEqual({ type: 'start' })
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
