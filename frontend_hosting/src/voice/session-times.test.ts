import { describe, expect, it } from 'vitest'

import { LIVE, message, plays, run, says, service, SPEAKS, stopsSpeaking } from './session.fixture.ts'
import type { VoiceEvent } from './session.ts'

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
