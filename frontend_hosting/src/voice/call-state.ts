// PURE. The state of a call, all of it, and what follows from it alone.
//
// Inside a live call three things go on at once and none of them implies another: what the service says it does, what
// the player is doing, and whether the user speaks. phaseOf() makes the one word a person is shown out of the three.

import type { EndReason } from './close-codes.ts'
import type { NoticeCode } from './notices.ts'
import type { Problem } from './problems.ts'
import type { Ready, ServerError, ServerPhase, Tokens, Waterfall } from './protocol.ts'
import type { ResponseTime, Thread } from './thread.ts'

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
