import { describe, expect, it } from 'vitest'

import { closed, LIVE, message, PAST, plays, READY, run, says, service, SPEAKS, START, stopsSpeaking, TIMINGS } from './session.fixture.ts'
import { gateOf, INITIAL, isOver, phaseOf, type VoiceState } from './call-state.ts'
import { reduce, type VoiceEvent } from './session.ts'

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
  message({ type: 'goAway', seq: 9, reason: 'budget', deadlineMs: 1, reconnectAfterMs: 1 }),
  { type: 'startRequested', typing: false, past: PAST },
  { type: 'forgotten', conversationId: 'c' },
  { type: 'forgotten', conversationId: null },
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

function describeEvent(event: VoiceEvent): string {
  if (event.type === 'messageReceived') return event.message.type === 'state' ? `state ${event.message.state}` : `message ${event.message.type}`
  return event.type
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

it('a complaint stays until the next answer or until it is dismissed', () => {
  const complaint = message({ type: 'error', seq: 3, code: 'x', message: 'Say it again.', retryable: true, correlationId: null })
  const state = run(...LIVE, complaint)
  expect(state.complaint?.message).toBe('Say it again.')
  expect(reduce(state, service('speaking')).complaint).toBeNull()
  expect(reduce(state, { type: 'complaintDismissed' }).complaint).toBeNull()
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
