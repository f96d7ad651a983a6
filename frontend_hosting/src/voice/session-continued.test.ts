import { describe, expect, it } from 'vitest'

import type { Ready } from './protocol.ts'
import { closed, LIVE, message, PAST, READY, run, says, service, START } from './session.fixture.ts'
import { gateOf, type VoiceState } from './call-state.ts'
import { reduce, type VoiceEvent } from './session.ts'

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

  it('goes on after a lost connection, and nothing needs saying', () => {
    const saved = { ...KEPT, lastTurn: 99 }
    expect(run(...TALKED, closed(1006, 9000), message(saved)).thread).toMatchObject([{ spoken: ['hello'] }])
  })

  it('needs no word when the session itself was taken up again', () => {
    expect(run(...TALKED, closed(1006, 9000), message({ ...KEPT, resumed: true })).thread).toMatchObject([{ spoken: ['hello'] }])
  })

  it('says so when something that was said is not kept', () => {
    expect(run(...TALKED, closed(1006, 9000), message(KEPT)).thread).toMatchObject([{ spoken: ['hello'] }, { note: 'takenUp' }])
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

describe('a lost connection', () => {
  const OTHER: Ready = { ...READY, sessionId: 'other', conversationId: 'another' }

  it('is mended without a trace when the session is taken up again, with what was missed', () => {
    const state = run(...LIVE, says('user', 'hello'), closed(1006, 9000), says('assistant', 'hi'), message({ ...READY, resumed: true }))
    expect(state.thread).toMatchObject([{ spoken: ['hello'] }, { spoken: ['hi'] }])
    expect([state.sessions, state.call.status]).toEqual([1, 'live'])
  })

  it('says that something may be missing when another process goes on with the conversation', () => {
    const kept: Ready = { ...READY, resumeToken: 't' }
    const state = run(START, { type: 'microphoneOpened' }, message(kept), says('user', 'hello'), closed(4503, 9000), message({ ...kept, epoch: 2 }))
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

describe('a past conversation', () => {
  const CONTINUED = message({ ...READY, conversationId: 'p', resumeToken: 'r', lastTurn: 1 })
  const continued = [{ type: 'startRequested', typing: true, past: PAST }, CONTINUED, service('listening'), says('user', 'And?', 'spoken', 2)] as const

  it('stands above what is said when it goes on, and is the same conversation', () => {
    const state = run(...LIVE, { type: 'endRequested', atMs: 9 }, ...continued)
    expect(state.conversationId).toBe('p')
    expect(state.thread.map((entry) => (entry.kind === 'said' ? entry.spoken.join(' ') : entry.kind === 'note' ? entry.note : ''))).toEqual(['Hello', 'Hi', 'continued', 'And?'])
  })

  it('says so when the service begins another one in its place', () => {
    const state = run({ type: 'startRequested', typing: true, past: PAST }, { type: 'conversationUnknown' }, message({ ...READY, conversationId: 'new', resumeToken: 'r' }))
    expect(state.thread.at(-1)).toMatchObject({ note: 'freshSession' })
  })

  it('stays while the call that was to go on with it could not begin', () => {
    const state = run({ type: 'startRequested', typing: false, past: PAST }, { type: 'problemMet', problem: { code: 'microphoneDenied', detail: null }, atMs: 5 }, { type: 'startRequested', typing: true })
    expect([state.conversationId, state.thread.length]).toEqual(['p', 3])
  })

  it.each([['p', 0], [null, 0], ['other', 4]])('when %j is forgotten leaves %i lines on the page', (conversationId, lines) => {
    expect(run(...continued, { type: 'endRequested', atMs: 9 }, { type: 'forgotten', conversationId }).thread).toHaveLength(lines)
  })

  it('is not taken away from a call', () => {
    expect(run(...continued, { type: 'forgotten', conversationId: null }).thread).toHaveLength(4)
  })
})

describe('a call that the service will end', () => {
  const leaving = (reason: string): VoiceState => run(...LIVE, message({ type: 'goAway', seq: 4, reason, deadlineMs: 1, reconnectAfterMs: 1 }))

  it.each([['deploy', 'deploy'], ['max_duration', 'max_duration'], ['budget', 'budget'], ['solstice', 'deploy']])('because of %s is known to', (reason, known) => {
    expect(leaving(reason).call).toMatchObject({ leaving: known })
  })

  it('says afterwards that it had lasted as long as one may', () => {
    expect(reduce(leaving('max_duration'), closed(1000)).call).toEqual({ status: 'ended', why: 'maxDuration' })
    expect(reduce(leaving('deploy'), closed(1000)).call).toEqual({ status: 'ended', why: 'done' })
  })

  it('is a problem with the service’s reason, and not with a complaint that the call survived', () => {
    const error = (code: string): VoiceEvent => message({ type: 'error', seq: 5, code, message: 'A sentence.', retryable: true, correlationId: null })
    expect(run(...LIVE, error('budget_spent'), closed(4403)).call).toMatchObject({ problem: { code: 'forbidden', error: 'budget_spent' } })
    expect(run(...LIVE, error('not_saved'), closed(1006)).call).toEqual({ status: 'failed', problem: { code: 'connectionLost', detail: null } })
  })
})
