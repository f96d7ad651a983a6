// PURE. What the service says, in the state of the call: the reducer's part about messages.

import { isOver, type LastTurn, type Leaving, type VoiceState } from './call-state.ts'
import type { Ready, ServerMessage, TurnReport } from './protocol.ts'
import {
  type Entry, type Note, type Outcome, withInterruption, withNote, withOutcome, withResponseTimes, withTool, withTranscript,
} from './thread.ts'

export function received(state: VoiceState, message: ServerMessage, atMs: number, audioMs: number): VoiceState {
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
      return message satisfies never
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

const leavingFor = (reason: string): Leaving => (reason === 'max_duration' || reason === 'budget' ? reason : 'deploy')

function withFigures({ turns, sessions }: VoiceState, { turn, waterfall, costUsd }: TurnReport): Pick<VoiceState, 'lastTurn' | 'turns'> {
  const lastTurn: LastTurn = { waterfall: waterfall ?? null, costUsd: costUsd ?? null }
  return { lastTurn, turns: [...turns, { session: sessions, turn, ...lastTurn }] }
}

function outcomeOf(outcome: string): Outcome {
  return outcome === 'completed' || outcome === 'interrupted' || outcome === 'unanswered' ? outcome : 'failed'
}
