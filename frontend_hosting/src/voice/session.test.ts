import { describe, expect, it } from 'vitest'

import { closingFor } from './close-codes.ts'
import type { Ready, ServerMessage } from './protocol.ts'
import { gateOf, INITIAL, isOver, phaseOf, reduce, type VoiceEvent, type VoiceState } from './session.ts'

const READY: Ready = {
  type: 'ready', seq: 1, sessionId: 's', conversationId: 'c', epoch: 1, lastTurn: 0, resumeToken: null, resumed: false, model: 'm',
  language: 'en-US', voice: 'tiffany', inputSampleRateHz: 16000, outputSampleRateHz: 24000, silenceThresholdMs: 1500,
  watchdogMs: 2000, heartbeatMs: 20000,
  limits: { messageBytes: 32768, inputRate: 1.25, controlPerS: 20, sessionS: 3600, idleS: 300, textChars: 1000 },
}
const TIMINGS = { utteranceMs: null, endpointingMs: null, timeToFirstAudioMs: null, replyMs: null }

const message = (body: ServerMessage, atMs = 1000): VoiceEvent => ({ type: 'messageReceived', message: body, atMs })
const service = (state: 'connecting' | 'listening' | 'thinking' | 'speaking'): VoiceEvent => message({ type: 'state', seq: 2, state })
const closed = (code: number, retryAtMs: number | null = null): VoiceEvent => ({
  type: 'socketClosed', closing: closingFor(code), retryAtMs, atMs: 5000,
})
const says = (role: 'user' | 'assistant', text: string, stage: 'planned' | 'spoken' = 'spoken', turn = 1): VoiceEvent =>
  message({ type: 'transcript', seq: 3, turn, role, stage, text, ...(role === 'assistant' ? { responseId: turn } : {}) })
const plays = (responseId: number, atMs: number, lastSpeechAtMs: number | null = null): VoiceEvent => ({
  type: 'playbackStarted', responseId, atMs, lastSpeechAtMs,
})

const SPEAKS: VoiceEvent = { type: 'speechStarted', atMs: 1200 }
/** The page is sure 1.5 s later. */
const stopsSpeaking = (atMs: number): VoiceEvent => ({ type: 'speechEnded', atMs, closedAtMs: atMs + 1500 })

const START: VoiceEvent = { type: 'startRequested', typing: false }
const run = (...events: readonly VoiceEvent[]): VoiceState => events.reduce(reduce, INITIAL)
const LIVE = [START, { type: 'microphoneOpened' }, message(READY), service('listening')] as const

const STATES: Readonly<Record<string, VoiceState>> = {
  idle: INITIAL,
  'waiting for the microphone': run(START),
  'waiting for the service': run(START, { type: 'microphoneOpened' }),
  listening: run(...LIVE),
  hearing: run(...LIVE, SPEAKS),
  thinking: run(...LIVE, service('thinking')),
  speaking: run(...LIVE, service('speaking'), plays(1, 2000)),
  'barging in': run(...LIVE, service('speaking'), plays(1, 2000), SPEAKS),
  leaving: run(...LIVE, message({ type: 'goAway', seq: 4, reason: 'deploy', deadlineMs: 1, reconnectAfterMs: 1 })),
  reconnecting: run(...LIVE, closed(1006, 9000)),
  ended: run(...LIVE, { type: 'endRequested', atMs: 9 }),
  failed: run(...LIVE, closed(4403)),
  'typing only': run({ type: 'startRequested', typing: true }, message(READY), service('listening')),
}

const EVENTS: readonly VoiceEvent[] = [
  START,
  { type: 'startRequested', typing: true },
  { type: 'microphoneOpened' },
  message(READY),
  service('connecting'),
  service('listening'),
  service('thinking'),
  service('speaking'),
  says('user', 'hello'),
  says('assistant', 'hi', 'planned'),
  says('assistant', 'hi'),
  message({ type: 'interrupted', seq: 5, responseId: 1, cause: 'speech' }),
  message({ type: 'turn', seq: 6, turn: 1, outcome: 'completed', closedBy: null, responseId: 1, saved: false, timings: TIMINGS }),
  message({ type: 'turn', seq: 6, turn: 1, outcome: 'unanswered', closedBy: null, responseId: null, saved: false, timings: TIMINGS }),
  message({ type: 'tool', seq: 7, turn: 1, toolUseId: 't', name: 'n', status: 'started' }),
  message({ type: 'usage', seq: 8, input: { speechTokens: 1, textTokens: 1 }, output: { speechTokens: 1, textTokens: 1 }, totalTokens: 4 }),
  message({ type: 'goAway', seq: 9, reason: 'deploy', deadlineMs: 1, reconnectAfterMs: 1 }),
  message({ type: 'ack', seq: 10, sequence: 1 }),
  message({ type: 'pong', seq: 11, id: 1 }),
  message({ type: 'error', seq: 12, code: 'x', message: 'A sentence.', retryable: true, correlationId: null }),
  message({ type: 'unknown', name: 'mood' }),
  closed(1000), closed(1006, 9000), closed(1006), closed(4400), closed(4408), closed(4503, 9000),
  { type: 'problemMet', problem: { code: 'microphoneLost', detail: null }, atMs: 5000 },
  { type: 'endRequested', atMs: 5000 },
  { type: 'muteToggled' },
  { type: 'modeToggled' },
  { type: 'talkHeld', held: true },
  { type: 'talkHeld', held: false },
  { type: 'textSent', text: 'typed', atMs: 5000 },
  SPEAKS,
  stopsSpeaking(5000),
  { type: 'speechAbandoned' },
  plays(1, 6000, 5000),
  plays(2, 6000),
  { type: 'playbackStopped', responseId: 1, atMs: 4000 },
  { type: 'roundTripMeasured', ms: 12 },
  { type: 'complaintDismissed' },
  { type: 'noticed', notice: 'microphoneGone' },
  { type: 'noticed', notice: 'microphoneBack' },
  { type: 'noticed', notice: 'echo' },
  { type: 'noticeDismissed' },
]

/** What must not be in any state that can be reached. */
function faults(state: VoiceState): readonly string[] {
  const gate = gateOf(state)
  const live = state.call.status === 'live'
  const silent = (state.input.mode === 'handsFree' && state.input.muted) || state.input.mode === 'typing'
  const ids = new Set(state.thread.map(({ id }) => id))
  return [
    ...(!live && state.call.status !== 'reconnecting' && gate !== 'closed' ? ['the gate is open outside a call'] : []),
    ...(silent && gate !== 'closed' ? ['a muted microphone is heard'] : []),
    ...(state.times.some(({ ms }) => ms < 0) ? ['an answer came before its question'] : []),
    ...(ids.size === state.thread.length ? [] : ['two entries have one id']),
    ...(typeof phaseOf(state) === 'string' ? [] : ['no word for what is going on']),
  ]
}

describe.each(Object.entries(STATES))('while %s', (_name, state) => {
  it.each(EVENTS.map((event) => [describeEvent(event), event] as const))('%s leaves a sound state', (_event, event) => {
    const frozen = JSON.stringify(state)
    expect(faults(reduce(state, event))).toEqual([])
    expect(JSON.stringify(state)).toBe(frozen)
  })
})

it('any sequence of events leaves a sound state', () => {
  let seed = 7
  let state = INITIAL
  const found = new Set<string>()
  for (let i = 0; i < 20_000; i++) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
    const event = EVENTS[(seed >>> 8) % EVENTS.length]
    if (event) state = reduce(state, event)
    // A page lives for a few hundred turns; without this the thread alone would make the test slow.
    if (state.thread.length > 60) state = { ...state, thread: [], times: [] }
    for (const fault of faults(state)) found.add(fault)
  }
  expect([...found]).toEqual([])
})

it('what was said in a call that was cut short stays, and the next call stands below it', () => {
  const cut = run(...LIVE, says('user', 'hello'), says('assistant', 'hi', 'planned'), closed(4401))
  expect(cut.thread).toMatchObject([{ outcome: 'completed' }, { outcome: 'interrupted' }])
  const next = [START, { type: 'microphoneOpened' } as const, message(READY)].reduce(reduce, cut)
  expect(next.thread).toMatchObject([{ spoken: ['hello'] }, { planned: ['hi'] }, { note: 'freshSession' }])
  expect([next.sessions, next.endedAtMs, next.complaint]).toEqual([2, null, null])
})

describe('a conversation that the service keeps', () => {
  const KEPT: Ready = { ...READY, resumeToken: 'token' }
  const TALKED = [START, { type: 'microphoneOpened' }, message(KEPT), service('listening'), says('user', 'hello')] as const

  it('goes on after a lost connection, and what may be missing is said', () => {
    expect(run(...TALKED, closed(1006, 9000), message(KEPT)).thread).toMatchObject([{ spoken: ['hello'] }, { note: 'takenUp' }])
  })

  it('needs no word when the session itself was taken up again', () => {
    expect(run(...TALKED, closed(1006, 9000), message({ ...KEPT, resumed: true })).thread).toMatchObject([{ spoken: ['hello'] }])
  })

  it('that turned out to be another one is remembered no more', () => {
    const state = run(...TALKED, closed(4410, 9000), { type: 'conversationUnknown' }, message({ ...KEPT, conversationId: 'another' }))
    expect(state.thread).toMatchObject([{ spoken: ['hello'] }, { note: 'freshSession' }])
    expect(state.conversationId).toBe('another')
  })
})

it('what was said in a call that was ended goes with the next one', () => {
  expect(run(...LIVE, says('user', 'hello'), { type: 'endRequested', atMs: 9 }, START).thread).toEqual([])
})

describe('a call', () => {
  it('goes through its phases in the order a person sees them', () => {
    const events: readonly VoiceEvent[] = [
      START, { type: 'microphoneOpened' }, message(READY), service('listening'), SPEAKS,
      stopsSpeaking(1500), service('thinking'), service('speaking'), plays(1, 2100),
      { type: 'playbackStopped', responseId: 1, atMs: 4000 }, service('listening'), { type: 'endRequested', atMs: 9000 },
    ]
    const phases: string[] = []
    events.reduce((state, event) => {
      const next = reduce(state, event)
      if (phases.at(-1) !== phaseOf(next)) phases.push(phaseOf(next))
      return next
    }, INITIAL)
    expect(phases).toEqual(['connecting', 'listening', 'hearing', 'listening', 'thinking', 'speaking', 'listening', 'ended'])
  })

  it('that is over hears nothing any more', () => {
    for (const name of ['ended', 'failed'] as const) {
      const state = STATES[name] ?? INITIAL
      expect(isOver(state.call)).toBe(true)
      expect(reduce(state, service('speaking'))).toBe(state)
      expect(reduce(state, closed(1006, 9000))).toBe(state)
      expect(reduce(state, message(READY))).toBe(state)
    }
  })

  it('is shown speaking until its last sample was heard, though the service is done sooner', () => {
    expect(phaseOf(run(...LIVE, service('speaking'), plays(1, 2000), service('listening')))).toBe('speaking')
  })

  it('keeps showing the user’s voice when an interrupted reply falls silent', () => {
    const state = run(...LIVE, service('speaking'), plays(1, 2000), SPEAKS, { type: 'playbackStopped', responseId: 1, atMs: 4000 })
    expect(phaseOf(state)).toBe('hearing')
  })

  it('is thinking once the service says so, though the detector still waits for silence', () => {
    expect(phaseOf(run(...LIVE, SPEAKS, service('thinking')))).toBe('thinking')
  })
})

describe('the microphone’s gate', () => {
  it('is open in a hands-free call, and closed when muted', () => {
    expect(gateOf(run(...LIVE))).toBe('open')
    expect(gateOf(run(...LIVE, { type: 'muteToggled' }))).toBe('closed')
    expect(gateOf(run(...LIVE, { type: 'muteToggled' }, { type: 'muteToggled' }))).toBe('open')
  })

  it('is held only while the button is, in push to talk', () => {
    const pushToTalk = reduce(run(...LIVE), { type: 'modeToggled' })
    expect(gateOf(pushToTalk)).toBe('closed')
    expect(gateOf(reduce(pushToTalk, { type: 'talkHeld', held: true }))).toBe('held')
    const released = [{ type: 'talkHeld', held: true }, { type: 'talkHeld', held: false }] as const
    expect(gateOf(released.reduce<VoiceState>(reduce, pushToTalk))).toBe('closed')
  })

  it('does not stay held over a lost connection', () => {
    const state = run(...LIVE, { type: 'modeToggled' }, { type: 'talkHeld', held: true }, closed(1006, 9000), message(READY))
    expect(gateOf(state)).toBe('closed')
  })
})

describe('the response time', () => {
  const answer = says('assistant', 'Hi.', 'planned')

  it('counts from the end of speech to the first sample heard', () => {
    const state = run(...LIVE, stopsSpeaking(1500), service('speaking'), plays(1, 3100), answer)
    expect(state.times).toMatchObject([{ session: 1, responseId: 1, ms: 1600 }])
    expect(state.thread.at(-1)).toMatchObject({ responseMs: 1600 })
  })

  it('counts from the last speech when the model answers before the detector is sure', () => {
    expect(run(...LIVE, SPEAKS, plays(1, 3100, 2500)).times).toMatchObject([{ session: 1, responseId: 1, ms: 600 }])
  })

  it('counts from the moment of typing, whatever the room sounds like', () => {
    const state = run(...LIVE, { type: 'textSent', text: 'hello', atMs: 2000 }, stopsSpeaking(2900), plays(1, 3000, 2950))
    expect(state.times).toMatchObject([{ session: 1, responseId: 1, ms: 1000 }])
  })

  it('is not given to a reply nobody asked for, nor twice to one question', () => {
    expect(run(...LIVE, plays(1, 3000)).times).toEqual([])
    const state = run(...LIVE, stopsSpeaking(1500), plays(1, 3000, 1500), plays(2, 4000, 1500))
    expect(state.times).toHaveLength(1)
  })
})

describe('a lost connection', () => {
  const OTHER: Ready = { ...READY, sessionId: 'other', conversationId: 'another' }

  it('is mended without a trace when the session is taken up again, with what was missed', () => {
    const state = run(...LIVE, says('user', 'hello'), closed(1006, 9000), says('assistant', 'hi'), message({ ...READY, resumed: true }))
    expect(state.thread).toMatchObject([{ spoken: ['hello'] }, { spoken: ['hi'] }])
    expect([state.sessions, state.call.status]).toEqual([1, 'live'])
  })

  it('says that something may be missing when another process goes on with the conversation', () => {
    const state = run(...LIVE, says('user', 'hello'), closed(4503, 9000), message({ ...READY, epoch: 2 }))
    expect(state.thread).toMatchObject([{ spoken: ['hello'] }, { note: 'takenUp' }])
  })

  it('keeps the microphone open, for what is said meanwhile is said again', () => {
    expect(gateOf(run(...LIVE, closed(1006, 9000)))).toBe('open')
  })

  it('shows how many wait for a place', () => {
    const state = run(START, { type: 'microphoneOpened' }, message({ type: 'queued', seq: 1, position: 3 }))
    expect(state.call).toEqual({ status: 'opening', step: 'service', position: 3 })
  })

  it('keeps the thread and says that a new session remembers nothing', () => {
    const state = run(...LIVE, says('user', 'hello'), closed(1006, 9000), message(OTHER), service('listening'), says('user', 'again'))
    expect(state.thread).toMatchObject([{ spoken: ['hello'] }, { note: 'freshSession' }, { spoken: ['again'] }])
    expect(state.sessions).toBe(2)
  })

  it('is a problem once nobody tries any more, in the service’s own words', () => {
    const complaint = message({ type: 'error', seq: 3, code: 'x', message: 'The model is gone.', retryable: false, correlationId: null })
    const { call } = run(...LIVE, complaint, closed(1011))
    expect(call).toEqual({ status: 'failed', problem: { code: 'serviceFault', detail: 'The model is gone.' } })
  })

  it('never brings back a call the user has ended', () => {
    const state = run(...LIVE, closed(1006, 9000), { type: 'endRequested', atMs: 6000 }, message(READY))
    expect(state.call).toEqual({ status: 'ended', why: 'done' })
  })
})

it('a complaint stays until the next answer or until it is dismissed', () => {
  const complaint = message({ type: 'error', seq: 3, code: 'x', message: 'Say it again.', retryable: true, correlationId: null })
  const state = run(...LIVE, complaint)
  expect(state.complaint?.message).toBe('Say it again.')
  expect(reduce(state, service('speaking')).complaint).toBeNull()
  expect(reduce(state, { type: 'complaintDismissed' }).complaint).toBeNull()
})

function describeEvent(event: VoiceEvent): string {
  if (event.type === 'messageReceived') return event.message.type === 'state' ? `state ${event.message.state}` : `message ${event.message.type}`
  return event.type
}

describe('where the time of an answer went', () => {
  const spoken = [...LIVE, SPEAKS, stopsSpeaking(1500)] as const
  const at = (state: 'thinking' | 'speaking', atMs: number): VoiceEvent => message({ type: 'state', seq: 2, state }, atMs)

  it('is told in parts that add up to it', () => {
    const state = run(...spoken, at('thinking', 3050), at('speaking', 3800), plays(1, 3900))
    expect(state.times).toEqual([
      { session: 1, responseId: 1, ms: 2400, stages: { waitingMs: 1500, answeringMs: 800, playingMs: 100 } },
    ])
  })

  it('is told by the service’s word when the model was sure before the detector', () => {
    const state = run(...LIVE, SPEAKS, at('thinking', 2600), at('speaking', 3000), plays(1, 3100, 2500))
    expect(state.times[0]?.stages).toEqual({ waitingMs: 100, answeringMs: 400, playingMs: 100 })
  })

  it('has no waiting in it when the question was typed', () => {
    const state = run(...LIVE, { type: 'textSent', text: 'hello', atMs: 2000 }, at('speaking', 2500), plays(1, 2600))
    expect(state.times[0]?.stages).toEqual({ waitingMs: 0, answeringMs: 500, playingMs: 100 })
  })

  it.each([[[1000, 900, 800]], [[5000, 6000, 7000]], [[3000, 1000, 2000]]])('never has a part below nothing: %j', ([sureMs, thinking, arrived]) => {
    const state = run(
      ...LIVE, { type: 'speechEnded', atMs: 1500, closedAtMs: sureMs ?? 0 }, at('thinking', thinking ?? 0), at('speaking', arrived ?? 0), plays(1, 4000),
    )
    const { waitingMs, answeringMs, playingMs } = state.times[0]?.stages ?? expect.fail('no time was taken')
    expect(Math.min(waitingMs, answeringMs, playingMs)).toBeGreaterThanOrEqual(0)
    expect(waitingMs + answeringMs + playingMs).toBe(state.times[0]?.ms)
  })
})

describe('a microphone that goes', () => {
  const gone: VoiceEvent = { type: 'noticed', notice: 'microphoneGone' }
  const back: VoiceEvent = { type: 'noticed', notice: 'microphoneBack' }

  it('leaves a call that goes on by typing', () => {
    const state = run(...LIVE, gone)
    expect(state.call.status).toBe('live')
    expect(gateOf(state)).toBe('closed')
    expect(state.notice).toBe('microphoneGone')
  })

  it('finds things as they were when it comes back: who was muted stays muted', () => {
    expect(gateOf(run(...LIVE, gone, back))).toBe('open')
    expect(run(...LIVE, { type: 'muteToggled' }, gone, back).input).toEqual({ mode: 'handsFree', muted: true })
    expect(run(...LIVE, { type: 'modeToggled' }, { type: 'talkHeld', held: true }, gone, back).input).toEqual({ mode: 'pushToTalk', held: false })
  })

  it('that was never wanted does not come back', () => {
    expect(run({ type: 'startRequested', typing: true }, message(READY), back).input).toEqual({ mode: 'typing' })
  })

  it('is forgotten by the next call', () => {
    expect(run(...LIVE, gone, { type: 'endRequested', atMs: 1 }, START).notice).toBeNull()
  })
})

describe('what the service reports on the way', () => {
  it('is kept: what was used so far, of this session', () => {
    const used = message({ type: 'usage', seq: 8, input: { speechTokens: 1, textTokens: 2 }, output: { speechTokens: 3, textTokens: 4 }, totalTokens: 10 })
    expect(run(...LIVE, used).usage?.totalTokens).toBe(10)
    expect(run(...LIVE, used, closed(1006, 9000), message(READY)).usage).toBeNull()
  })

  it('is one line for each use of a tool', () => {
    const tool = (status: string, toolUseId = 't'): VoiceEvent => message({ type: 'tool', seq: 7, turn: 1, toolUseId, name: 'current_time', status })
    expect(run(...LIVE, tool('started'), tool('started', 'u'), tool('finished'), tool('exploded', 'u')).thread).toMatchObject([
      { kind: 'tool', name: 'current_time', status: 'finished' },
      { kind: 'tool', name: 'current_time', status: 'failed' },
    ])
  })

  it('says when each reply was heard', () => {
    const state = run(...LIVE, service('speaking'), plays(1, 2000), { type: 'playbackStopped', responseId: 1, atMs: 4000 }, plays(2, 6000))
    expect(state.heard).toEqual([
      { session: 1, responseId: 1, fromMs: 2000, toMs: 4000 },
      { session: 1, responseId: 2, fromMs: 6000, toMs: null },
    ])
  })
})
