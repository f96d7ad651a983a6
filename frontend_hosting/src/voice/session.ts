// PURE. One reducer holds the call's state.
//
// Rule 1: every change of state goes through reduce(); nothing else builds a VoiceState.
// Rule 2: nothing here reads a clock, draws a random number or touches the browser; instants arrive in events.
// Rule 3: an event that means nothing in a state changes nothing: late messages of a call that is over are normal.
//
// Inside a live call three things go on at once and none of them implies another: what the service says it does, what
// the player is doing, and whether the user speaks. phaseOf() makes the one word a person is shown out of the three.

import type { Closing, EndReason } from './close-codes.ts'
import type { Keepsake } from './keepsake.ts'
import type { NoticeCode } from './notices.ts'
import { type Problem, problemAfter } from './problems.ts'
import type { Ready, ServerError, ServerMessage, ServerPhase, Tokens, TurnReport, Waterfall } from './protocol.ts'
import { playing, silenced } from './reply-times.ts'
import {
  type Entry, type Note, type Outcome, type ResponseTime, type Thread, withEnd, withInterruption, withNote, withOutcome, withResponseTimes, withTool, withTranscript,
  withTyped,
} from './thread.ts'

export type Input =
  | { readonly mode: 'handsFree'; readonly muted: boolean }
  | { readonly mode: 'pushToTalk'; readonly held: boolean }
  /** No microphone: the user types and listens; `before` comes back with a microphone that was lost on the way. */
  | { readonly mode: 'typing'; readonly before?: SpokenInput }

type SpokenInput = Exclude<Input, { readonly mode: 'typing' }>

export type Playout =
  | { readonly status: 'silent' }
  | { readonly status: 'playing'; readonly responseId: number }

/** `deploy` is also what a newer service means by a reason that this page does not know. */
export type Leaving = 'deploy' | 'max_duration' | 'budget'

export type Call =
  | { readonly status: 'idle' }
  /** `position`: how many wait for a place, oneself among them; null when nobody has to. */
  | { readonly status: 'opening'; readonly step: 'microphone' | 'service'; readonly position?: number }
  | {
      readonly status: 'live'
      readonly ready: Ready
      readonly service: ServerPhase
      readonly playout: Playout
      readonly user: 'quiet' | 'speaking'
      /** Why the service will close the call; null while it will not. */
      readonly leaving: Leaving | null
    }
  | { readonly status: 'reconnecting'; readonly retryAtMs: number; readonly position?: number }
  | { readonly status: 'ended'; readonly why: EndReason }
  | { readonly status: 'failed'; readonly problem: Problem }

/** When a reply was heard, in epoch milliseconds; `toMs` is null while it is. */
export type Heard = { readonly session: number; readonly responseId: number; readonly fromMs: number; readonly toMs: number | null }

export type Usage = { readonly input: Tokens; readonly output: Tokens; readonly totalTokens: number; readonly costUsd: number | null }

/** Where the last turn's time and money went, as the service reported. */
export type LastTurn = { readonly waterfall: Waterfall | null; readonly costUsd: number | null }
export type TurnFigures = LastTurn & { readonly session: number; readonly turn: number }

/** `closedAtMs`: when the page was sure that the question had ended. */
type Asked = { readonly by: 'voice' | 'text'; readonly atMs: number; readonly closedAtMs: number }

export type VoiceState = {
  readonly call: Call
  readonly input: Input
  readonly thread: Thread
  readonly times: readonly ResponseTime[]
  /** How many sessions this page has had. */
  readonly sessions: number
  readonly startedAtMs: number | null
  readonly endedAtMs: number | null
  /** The question that waits for its answer; one that was typed is not taken back by a noise in the room. */
  readonly asked: Asked | null
  /** When the service last said that it thinks, and that it speaks. */
  readonly thinkingAtMs: number | null
  readonly arrivedAtMs: number | null
  readonly answeredAtMs: number | null
  /** The user's last stretch of speech. */
  readonly utterance: { readonly fromMs: number; readonly toMs: number | null } | null
  readonly heard: readonly Heard[]
  /** The language that is spoken, as the service named it. */
  readonly language: string | null
  /** The conversation as the service keeps it, if it does; a lost call is continued in it. */
  readonly conversationId: string | null
  /** What the service has reported for this session so far. */
  readonly usage: Usage | null
  readonly lastTurn: LastTurn | null
  /** Of every turn that stands in the thread: where its time went, and what it cost. */
  readonly turns: readonly TurnFigures[]
  readonly notice: NoticeCode | null
  readonly roundTripMs: number | null
  /** The service's last complaint in this call. */
  readonly complaint: ServerError | null
}

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

export const INITIAL: VoiceState = {
  call: { status: 'idle' },
  input: { mode: 'handsFree', muted: false },
  thread: [],
  times: [],
  sessions: 0,
  startedAtMs: null,
  endedAtMs: null,
  asked: null,
  thinkingAtMs: null,
  arrivedAtMs: null,
  answeredAtMs: null,
  utterance: null,
  heard: [],
  language: null,
  conversationId: null,
  usage: null,
  lastTurn: null,
  turns: [],
  roundTripMs: null,
  complaint: null,
  notice: null,
}

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

export type Phase =
  | 'idle' | 'connecting' | 'listening' | 'hearing' | 'thinking' | 'speaking' | 'reconnecting' | 'ended' | 'failed'

/** The one word for what is going on. */
export function phaseOf({ call }: VoiceState): Phase {
  switch (call.status) {
    case 'opening':
      return 'connecting'
    case 'live':
      if (call.user === 'speaking') return 'hearing'
      if (call.playout.status === 'playing') return 'speaking'
      return call.service
    default:
      return call.status
  }
}

/** What the capture worklet's gate should be. */
export function gateOf({ input, call }: VoiceState): 'open' | 'held' | 'closed' {
  // While the line is mended the microphone stays open: what is said then is said again afterwards.
  if ((call.status !== 'live' && call.status !== 'reconnecting') || input.mode === 'typing') return 'closed'
  if (input.mode === 'pushToTalk') return input.held ? 'held' : 'closed'
  return input.muted ? 'closed' : 'open'
}

export function isOver(call: Call): boolean {
  return call.status === 'idle' || call.status === 'ended' || call.status === 'failed'
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

function received(state: VoiceState, message: ServerMessage, atMs: number, audioMs: number): VoiceState {
  const { call } = state
  if (message.type === 'ready') return call.status === 'opening' || call.status === 'reconnecting' ? attached(state, message, atMs) : state
  // A refusal may come before `ready`; its sentence explains the close that follows.
  if (message.type === 'error') return isOver(call) || QUIET_ERRORS.has(message.code) ? state : { ...state, complaint: message }
  if (message.type === 'queued' && (call.status === 'opening' || call.status === 'reconnecting')) {
    return { ...state, call: { ...call, position: message.position } }
  }
  // What was missed comes before the `ready` of a session that is taken up again.
  if (call.status !== 'live' && call.status !== 'reconnecting') return state
  const session = state.sessions
  switch (message.type) {
    case 'state': {
      if (call.status !== 'live') return state
      const heard = message.state === 'thinking' ? 'quiet' : call.user
      const complaint = message.state === 'speaking' ? null : state.complaint
      return {
        ...state,
        complaint,
        thinkingAtMs: message.state === 'thinking' ? atMs : state.thinkingAtMs,
        arrivedAtMs: message.state === 'speaking' ? atMs : state.arrivedAtMs,
        call: { ...call, service: message.state, user: heard },
      }
    }
    case 'transcript': {
      const fromMs = message.role === 'user' ? (state.utterance?.fromMs ?? atMs) : atMs
      const toMs = message.role === 'user' ? Math.max(fromMs, state.utterance?.toMs ?? atMs) : null
      const said = { ...message, session, audioMs, fromMs, toMs }
      return { ...state, thread: withResponseTimes(withTranscript(state.thread, said), state.times) }
    }
    case 'interrupted':
      return { ...state, thread: withInterruption(state.thread, session, message.responseId) }
    case 'turn':
      // It comes again once it is saved, and says nothing else that is new.
      return message.saved ? state : { ...state, ...withFigures(state, message), thread: withOutcome(state.thread, session, message.turn, outcomeOf(message.outcome)) }
    case 'goAway':
      return call.status === 'live' ? { ...state, call: { ...call, leaving: leavingFor(message.reason) } } : state
    case 'tool':
      return { ...state, thread: withTool(state.thread, { ...message, session }) }
    case 'usage': {
      const { input, output, totalTokens, costUsd = null } = message
      return { ...state, usage: { input, output, totalTokens, costUsd } }
    }
    case 'queued':
    case 'authExpiring':
    case 'ack':
    case 'pong':
    case 'unknown':
      return state
    default:
      return assertNever(message)
  }
}

/** The page does what there is to do about these by itself. */
const QUIET_ERRORS: ReadonlySet<string> = new Set(['ticket_refused'])

function attached(state: VoiceState, ready: Ready, atMs: number): VoiceState {
  const note = noteOn(state, ready)
  return {
    ...state,
    call: { status: 'live', ready, service: 'connecting', playout: { status: 'silent' }, user: 'quiet', leaving: null },
    thread: note && state.thread.length > 0 ? withNote(state.thread, note) : state.thread,
    sessions: ready.resumed ? Math.max(1, state.sessions) : state.sessions + 1,
    startedAtMs: state.startedAtMs ?? atMs,
    language: ready.language,
    // Without a token nothing is kept, and there is nothing to continue.
    conversationId: ready.resumeToken === null ? null : ready.conversationId,
    usage: ready.resumed ? state.usage : null,
    utterance: null,
    complaint: null,
  }
}

/** What the thread says about the seam, if there is one to be seen. */
function noteOn(state: VoiceState, ready: Ready): Note['note'] | null {
  if (!remembers(state, ready)) return 'freshSession'
  const isLost = (entry: Entry): boolean => entry.kind === 'said' && entry.session === state.sessions && (entry.turn ?? 0) > ready.lastTurn
  return !ready.resumed && state.call.status === 'reconnecting' && state.thread.some(isLost) ? 'takenUp' : null
}

/** The same conversation goes on: the service tells the model what was said in it. */
function remembers(state: VoiceState, ready: Ready): boolean {
  return ready.resumed || (state.conversationId !== null && ready.conversationId === state.conversationId)
}

function closed(
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

function withFigures({ turns, sessions }: VoiceState, { turn, waterfall, costUsd }: TurnReport): Pick<VoiceState, 'lastTurn' | 'turns'> {
  const lastTurn: LastTurn = { waterfall: waterfall ?? null, costUsd: costUsd ?? null }
  return { lastTurn, turns: [...turns, { session: sessions, turn, ...lastTurn }] }
}

const leavingFor = (reason: string): Leaving => (reason === 'max_duration' || reason === 'budget' ? reason : 'deploy')

/** A calm end has a reason when it was announced. */
const endedBy = (call: Call, why: EndReason): EndReason =>
  why === 'done' && call.status === 'live' && call.leaving === 'max_duration' ? 'maxDuration' : why

function outcomeOf(outcome: string): Outcome {
  return outcome === 'completed' || outcome === 'interrupted' || outcome === 'unanswered' ? outcome : 'failed'
}

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
