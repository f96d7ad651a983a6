// PURE. One reducer holds the call's state.
//
// Rule 1: every change of state goes through reduce(); nothing else builds a VoiceState.
// Rule 2: nothing here reads a clock, draws a random number or touches the browser; instants arrive in events.
// Rule 3: an event that means nothing in a state changes nothing: late messages of a call that is over are normal.

import { type Call, INITIAL, type Input, isOver, type VoiceState } from './call-state.ts'
import type { Closing, EndReason } from './close-codes.ts'
import type { Keepsake } from './keepsake.ts'
import type { NoticeCode } from './notices.ts'
import { type Problem, problemAfter } from './problems.ts'
import type { ServerMessage } from './protocol.ts'
import { received } from './received.ts'
import { playing, silenced } from './reply-times.ts'
import { withEnd, withTyped } from './thread.ts'

export type VoiceEvent =
  /** `past`: the conversation that the call goes on with. */
  | { readonly type: 'startRequested'; readonly typing: boolean; readonly past?: Keepsake }
  | { readonly type: 'microphoneOpened' }
  | { readonly type: 'messageReceived'; readonly message: ServerMessage; readonly atMs: number; readonly audioMs?: number }
  | { readonly type: 'socketClosed'; readonly closing: Closing; readonly retryAtMs: number | null; readonly atMs: number }
  | { readonly type: 'problemMet'; readonly problem: Problem; readonly atMs: number }
  | { readonly type: 'endRequested'; readonly atMs: number }
  | { readonly type: 'muteToggled' }
  | { readonly type: 'modeToggled' }
  | { readonly type: 'talkHeld'; readonly held: boolean }
  | { readonly type: 'textSent'; readonly text: string; readonly atMs: number }
  | { readonly type: 'speechStarted'; readonly atMs: number }
  /** `atMs`: the last that was said; `closedAtMs`: when that was certain. */
  | { readonly type: 'speechEnded'; readonly atMs: number; readonly closedAtMs: number }
  | { readonly type: 'speechAbandoned' }
  | {
      readonly type: 'playbackStarted'
      readonly responseId: number
      readonly atMs: number
      readonly lastSpeechAtMs: number | null
    }
  | { readonly type: 'playbackStopped'; readonly responseId: number; readonly atMs: number }
  | { readonly type: 'roundTripMeasured'; readonly ms: number }
  /** The page was away and is back with what was said before. */
  | { readonly type: 'restored'; readonly keepsake: Keepsake }
  /** The user had it deleted, or everything (null). */
  | { readonly type: 'forgotten'; readonly conversationId: string | null }
  /** The service has it no more: what comes next is a new one. */
  | { readonly type: 'conversationUnknown' }
  | { readonly type: 'complaintDismissed' }
  | { readonly type: 'noticed'; readonly notice: NoticeCode }
  | { readonly type: 'noticeDismissed' }

export function reduce(state: VoiceState, event: VoiceEvent): VoiceState {
  const { call } = state
  switch (event.type) {
    case 'startRequested':
      return isOver(call) ? started(state, event.typing, event.past) : state
    case 'microphoneOpened':
      return call.status === 'opening' ? { ...state, call: { status: 'opening', step: 'service' } } : state
    case 'messageReceived':
      return received(state, event.message, event.atMs, event.audioMs ?? 0)
    case 'socketClosed':
      return closed(state, event)
    case 'problemMet':
      return isOver(call) ? state : over(state, { status: 'failed', problem: event.problem }, event.atMs)
    case 'endRequested':
      return isOver(call) ? state : over(state, { status: 'ended', why: 'done' }, event.atMs)
    case 'muteToggled':
      return { ...state, input: toggledMute(state.input) }
    case 'modeToggled':
      return { ...state, input: toggledMode(state.input) }
    case 'talkHeld':
      if (state.input.mode !== 'pushToTalk' || state.input.held === event.held) return state
      return { ...state, input: { mode: 'pushToTalk', held: event.held && call.status === 'live' } }
    case 'textSent':
      if (call.status !== 'live') return state
      return {
        ...state,
        thread: withTyped(state.thread, state.sessions, event.text, event.atMs),
        asked: { by: 'text', atMs: event.atMs, closedAtMs: event.atMs },
      }
    case 'speechStarted':
      if (call.status !== 'live') return state
      return { ...state, call: { ...call, user: 'speaking' }, utterance: { fromMs: event.atMs, toMs: null } }
    case 'speechEnded':
      if (call.status !== 'live') return state
      return {
        ...state,
        call: { ...call, user: 'quiet' },
        utterance: state.utterance && { ...state.utterance, toMs: event.atMs },
        asked: state.asked?.by === 'text' ? state.asked : { by: 'voice', atMs: event.atMs, closedAtMs: event.closedAtMs },
      }
    case 'speechAbandoned':
      return call.status === 'live' ? { ...state, call: { ...call, user: 'quiet' } } : state
    case 'playbackStarted':
      return playing(state, event)
    case 'playbackStopped':
      if (call.status !== 'live' || call.playout.status !== 'playing') return state
      if (call.playout.responseId !== event.responseId) return state
      return { ...state, call: { ...call, playout: { status: 'silent' } }, heard: silenced(state, event.responseId, event.atMs) }
    case 'roundTripMeasured':
      return call.status === 'live' ? { ...state, roundTripMs: event.ms } : state
    case 'restored':
      return call.status === 'idle' ? { ...state, ...event.keepsake, call: { status: 'ended', why: 'signedInAgain' } } : state
    case 'forgotten':
      return isOver(call) && (event.conversationId === null || event.conversationId === state.conversationId) ? { ...INITIAL, input: state.input } : state
    case 'conversationUnknown':
      return { ...state, conversationId: null }
    case 'complaintDismissed':
      return { ...state, complaint: null }
    case 'noticed':
      return isOver(call) ? state : { ...state, notice: event.notice, input: inputAfter(state.input, event.notice) }
    case 'noticeDismissed':
      return { ...state, notice: null }
    default:
      return assertNever(event)
  }
}

function started(state: VoiceState, typing: boolean, past: Keepsake | undefined): VoiceState {
  const kept: Input = state.input.mode === 'pushToTalk' ? { mode: 'pushToTalk', held: false } : { mode: 'handsFree', muted: false }
  return {
    ...INITIAL,
    ...(past ?? (wasCutShort(state.call) ? { ...state, ...FORGOTTEN } : {})),
    call: { status: 'opening', step: typing ? 'service' : 'microphone' },
    input: typing ? { mode: 'typing' } : kept,
  }
}

/** Nobody wanted it to end: what was said stays, and the next call stands below it. */
function wasCutShort(call: Call): boolean {
  return call.status === 'failed' || (call.status === 'ended' && call.why === 'signedInAgain')
}

/** What belonged to the call before. */
const FORGOTTEN = {
  endedAtMs: null, asked: null, thinkingAtMs: null, arrivedAtMs: null, answeredAtMs: null, utterance: null, usage: null, lastTurn: null,
  roundTripMs: null, complaint: null, notice: null,
} satisfies Partial<VoiceState>

function over(state: VoiceState, call: Call, atMs: number): VoiceState {
  const input: Input = state.input.mode === 'pushToTalk' ? { mode: 'pushToTalk', held: false } : state.input
  return { ...state, call, input, thread: withEnd(state.thread), endedAtMs: atMs }
}

export function closed(
  state: VoiceState,
  { closing, retryAtMs, atMs }: { readonly closing: Closing; readonly retryAtMs: number | null; readonly atMs: number },
): VoiceState {
  const { call } = state
  if (isOver(call)) return state
  if (closing.kind === 'end') return over(state, { status: 'ended', why: endedBy(call, closing.why) }, atMs)
  if (closing.kind === 'fail' || retryAtMs === null) {
    return over(state, { status: 'failed', problem: problemAfter(closing.problem, state.complaint) }, atMs)
  }
  return {
    ...state,
    call: { status: 'reconnecting', retryAtMs },
    input: state.input.mode === 'pushToTalk' ? { mode: 'pushToTalk', held: false } : state.input,
    roundTripMs: null,
  }
}

/** A calm end has a reason when it was announced. */
const endedBy = (call: Call, why: EndReason): EndReason =>
  why === 'done' && call.status === 'live' && call.leaving === 'max_duration' ? 'maxDuration' : why

function toggledMute(input: Input): Input {
  return input.mode === 'handsFree' ? { mode: 'handsFree', muted: !input.muted } : input
}

function toggledMode(input: Input): Input {
  if (input.mode === 'typing') return input
  return input.mode === 'handsFree' ? { mode: 'pushToTalk', held: false } : { mode: 'handsFree', muted: false }
}

/** A microphone that comes back finds things as they were: who was muted stays muted. */
function inputAfter(input: Input, notice: NoticeCode): Input {
  if (notice === 'microphoneGone' && input.mode !== 'typing') {
    return { mode: 'typing', before: input.mode === 'pushToTalk' ? { mode: 'pushToTalk', held: false } : input }
  }
  return notice === 'microphoneBack' && input.mode === 'typing' && input.before ? input.before : input
}

function assertNever(value: never): never {
  throw new Error(`unhandled: ${JSON.stringify(value)}`)
}
