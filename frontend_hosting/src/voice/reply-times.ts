// PURE. When each reply was heard, and how long after the question: the reducer's part about time.

import type { Heard, VoiceState } from './call-state.ts'
import { type ResponseTime, type Stages, withResponseTimes } from './thread.ts'

/** A reply begins to be heard: if it answers something, that took so long. */
export function playing(
  state: VoiceState,
  event: { readonly responseId: number; readonly atMs: number; readonly lastSpeechAtMs: number | null },
): VoiceState {
  const { call } = state
  if (call.status !== 'live') return state
  const next: VoiceState = {
    ...state,
    call: { ...call, playout: { status: 'playing', responseId: event.responseId }, user: 'quiet' },
    heard: [...state.heard, { session: state.sessions, responseId: event.responseId, fromMs: event.atMs, toMs: null }],
  }
  const askedAtMs = askedAt(state, event.lastSpeechAtMs)
  if (askedAtMs === null || askedAtMs > event.atMs) return next
  const time: ResponseTime = {
    session: state.sessions,
    responseId: event.responseId,
    ms: event.atMs - askedAtMs,
    stages: stagesOf(state, askedAtMs, event.atMs),
  }
  const times = [...state.times, time]
  return { ...next, times, asked: null, answeredAtMs: event.atMs, thread: withResponseTimes(state.thread, times) }
}

/** Where the time went; the parts add up to the whole, whatever was reported out of order. */
function stagesOf(state: VoiceState, askedAtMs: number, heardAtMs: number): Stages {
  const between = (atMs: number, leastMs: number): number => Math.min(heardAtMs, Math.max(leastMs, atMs))
  const closedAtMs = between(state.asked?.closedAtMs ?? state.thinkingAtMs ?? askedAtMs, askedAtMs)
  const arrivedAtMs = between(state.arrivedAtMs ?? heardAtMs, closedAtMs)
  return { waitingMs: closedAtMs - askedAtMs, answeringMs: arrivedAtMs - closedAtMs, playingMs: heardAtMs - arrivedAtMs }
}

/** It is heard no more. */
export function silenced(state: VoiceState, responseId: number, atMs: number): readonly Heard[] {
  return state.heard.map((heard) =>
    heard.session === state.sessions && heard.responseId === responseId && heard.toMs === null ? { ...heard, toMs: atMs } : heard,
  )
}

/** The model may answer before the detector is sure that the user has finished; then the last speech was the question. */
export function askedAt({ asked, answeredAtMs }: VoiceState, lastSpeechAtMs: number | null): number | null {
  if (asked?.by === 'text') return asked.atMs
  const atMs = Math.max(asked?.atMs ?? 0, lastSpeechAtMs ?? 0)
  return atMs > (answeredAtMs ?? 0) ? atMs : null
}
