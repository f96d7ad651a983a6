// Every state of the viewer, made by the events that lead to it: a state that cannot be reached cannot be shown.

import { closingFor } from '../voice/close-codes.ts'
import { ERROR_CODES, type ErrorCode } from '../voice/error-codes.ts'
import type { NoticeCode } from '../voice/notices.ts'
import type { ProblemCode } from '../voice/problems.ts'
import type { Ready, ServerMessage, ServerPhase } from '../voice/protocol.ts'
import type { VoiceEvent } from '../voice/session.ts'
import { en } from '../voice/words/en.ts'
import type { ArchiveStory } from './story-archive.ts'

export type Story = {
  readonly name: string
  readonly events: readonly VoiceEvent[]
  /** How loud the two are, for the orb. */
  readonly microphone: number
  readonly assistant: number
  /** How far the first reply has got, for the caption. */
  readonly positionMs: number | null
  /** What the past conversations are; by default there are some. */
  readonly archive?: ArchiveStory
}

/** A morning in November. */
const STARTED_AT = Date.UTC(2026, 10, 23, 9, 30)
const READY: Ready = {
  type: 'ready', seq: 1, sessionId: '7c1f0c52', conversationId: 'b7d4', epoch: 1, lastTurn: 0, resumeToken: null, resumed: false,
  model: 'amazon.nova-2-sonic-v1:0', language: 'en-US', voice: 'tiffany', inputSampleRateHz: 16_000, outputSampleRateHz: 24_000,
  silenceThresholdMs: 1500, watchdogMs: 2000, heartbeatMs: 20_000,
  limits: { messageBytes: 32_768, inputRate: 1.25, controlPerS: 20, sessionS: 3600, idleS: 300, textChars: 1000 },
}

const receive = (message: ServerMessage, atMs = 0, audioMs = 0): VoiceEvent => ({ type: 'messageReceived', message, atMs: STARTED_AT + atMs, audioMs })
const service = (state: ServerPhase, atMs: number): VoiceEvent => receive({ type: 'state', seq: 2, state }, atMs)
const user = (text: string, turn: number, atMs: number): VoiceEvent =>
  receive({ type: 'transcript', seq: 3, turn, role: 'user', stage: 'spoken', text }, atMs)
const planned = (text: string, turn: number, atMs: number, audioMs: number): VoiceEvent =>
  receive({ type: 'transcript', seq: 4, turn, role: 'assistant', stage: 'planned', text, responseId: turn }, atMs, audioMs)
const speaks = (fromMs: number, toMs: number): readonly VoiceEvent[] => [
  { type: 'speechStarted', atMs: STARTED_AT + fromMs },
  { type: 'speechEnded', atMs: STARTED_AT + toMs, closedAtMs: STARTED_AT + toMs + 1500 },
]
const plays = (responseId: number, atMs: number): VoiceEvent => ({
  type: 'playbackStarted', responseId, atMs: STARTED_AT + atMs, lastSpeechAtMs: null,
})

const OPENING: readonly VoiceEvent[] = [{ type: 'startRequested', typing: false }, { type: 'microphoneOpened' }]
const LIVE: readonly VoiceEvent[] = [...OPENING, receive(READY), { type: 'roundTripMeasured', ms: 24 }, service('listening', 100)]
const ASKED: readonly VoiceEvent[] = [...LIVE, ...speaks(1200, 3000), user('What will the weather be like this weekend?', 1, 4600)]
const ANSWERED: readonly VoiceEvent[] = [
  ...ASKED, service('thinking', 4700), service('speaking', 5350),
  planned('Saturday stays dry and mild, with some sun after noon.', 1, 5350, 0),
  planned('Rain comes in from the west on Sunday morning.', 1, 5400, 3600),
  plays(1, 5500),
]
const TALKED: readonly VoiceEvent[] = [
  ...ANSWERED,
  { type: 'playbackStopped', responseId: 1, atMs: STARTED_AT + 12_400 },
  receive({
    type: 'turn', seq: 9, turn: 1, outcome: 'completed', closedBy: 'client', responseId: 1, saved: false,
    timings: { utteranceMs: 1800, endpointingMs: 0, timeToFirstAudioMs: 650, replyMs: 6900 },
  }, 12_500),
  receive({ type: 'usage', seq: 10, input: { speechTokens: 288, textTokens: 3443 }, output: { speechTokens: 694, textTokens: 203 }, totalTokens: 4628 }, 12_600),
  service('listening', 12_700),
]

const story = (name: string, events: readonly VoiceEvent[], sound: Partial<Omit<Story, 'name' | 'events'>> = {}): Story => ({
  name, events, microphone: 0.004, assistant: 0, positionMs: null, ...sound,
})
const notice = (code: NoticeCode): Story => story(`notice ${code}`, [...TALKED, { type: 'noticed', notice: code }])
const failed = (code: ProblemCode): Story => story(`failed ${code}`, [...TALKED, { type: 'problemMet', problem: { code, detail: null }, atMs: STARTED_AT + 60_000 }])

const refused = (error: ErrorCode): Story => story(`refused ${error}`, [...TALKED, { type: 'problemMet', problem: { code: 'serviceRefused', detail: null, error }, atMs: STARTED_AT + 60_000 }])

export const STORIES: readonly [Story, ...Story[]] = [
  story('idle', []),
  story('waiting for the microphone', [{ type: 'startRequested', typing: false }]),
  story('connecting', OPENING),
  story('listening', LIVE),
  story('muted', [...TALKED, { type: 'muteToggled' }]),
  story('push to talk', [...TALKED, { type: 'modeToggled' }]),
  story('push to talk, held', [...TALKED, { type: 'modeToggled' }, { type: 'talkHeld', held: true }], { microphone: 0.12 }),
  story('hearing', [...TALKED, { type: 'speechStarted', atMs: STARTED_AT + 13_000 }], { microphone: 0.14 }),
  story('thinking', [...ASKED, service('thinking', 4700)]),
  story('speaking', ANSWERED, { assistant: 0.18, positionMs: 1900 }),
  story('interrupted', [
    ...ANSWERED, receive({ type: 'interrupted', seq: 11, responseId: 1, cause: 'speech' }, 7000),
    { type: 'playbackStopped', responseId: 1, atMs: STARTED_AT + 7000 }, { type: 'speechStarted', atMs: STARTED_AT + 6900 },
  ], { microphone: 0.14 }),
  story('using a tool', [
    ...ASKED, service('thinking', 4700),
    receive({ type: 'tool', seq: 5, turn: 1, toolUseId: 'a', name: 'calendar', status: 'finished' }, 4900),
    receive({ type: 'tool', seq: 6, turn: 1, toolUseId: 'b', name: 'weather_forecast', status: 'started' }, 5000),
  ]),
  story('typing only', [{ type: 'startRequested', typing: true }, receive(READY), service('listening', 100)]),
  story('complaint', [...TALKED, receive({ type: 'error', seq: 12, code: 'model_silent', message: 'The model gave no reply.', retryable: true, correlationId: null }, 13_000)]),
  story('unanswered', [...ASKED, receive({
    type: 'turn', seq: 9, turn: 1, outcome: 'unanswered', closedBy: 'watchdog', responseId: null, saved: false,
    timings: { utteranceMs: 1800, endpointingMs: 2000, timeToFirstAudioMs: null, replyMs: null },
  }, 15_000)]),
  story('leaving', [...TALKED, receive({ type: 'goAway', seq: 13, reason: 'deploy', deadlineMs: 25_000, reconnectAfterMs: 3000 }, 13_000)]),
  story('reconnecting', [...TALKED, { type: 'socketClosed', closing: closingFor(1006), retryAtMs: Date.now() + 12_000, atMs: STARTED_AT + 20_000 }]),
  story('reconnected', [...TALKED, { type: 'socketClosed', closing: closingFor(1006), retryAtMs: 0, atMs: STARTED_AT + 20_000 }, receive(READY, 21_000), service('listening', 21_100)]),
  ...(['empty', 'loading', 'unreachable', 'unavailable', 'notKept', 'signedOut'] as const).map((archive) => story(`past ${archive}`, [], { archive })),
  story('budget spent', [...TALKED, receive({ type: 'goAway', seq: 13, reason: 'budget', deadlineMs: 20_000, reconnectAfterMs: 3_600_000 }, 13_000)]),
  story('longest call', [...TALKED, receive({ type: 'goAway', seq: 13, reason: 'max_duration', deadlineMs: 20_000, reconnectAfterMs: 0 }, 13_000)]),
  story('in line', [...OPENING, receive({ type: 'queued', seq: 1, position: 3 })]),
  story('ended', [...TALKED, { type: 'endRequested', atMs: STARTED_AT + 60_000 }]),
  ...(Object.keys(en.notices) as NoticeCode[]).map(notice),
  ...(Object.keys(en.problems) as ProblemCode[]).map(failed),
  ...ERROR_CODES.map(refused),
]
