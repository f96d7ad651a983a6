// For tests: a call as the events that make it.

import { closingFor } from './close-codes.ts'
import { continuing } from './past/conversations.ts'
import { conversationOf } from './past/memory-archive.ts'
import type { Ready, ServerMessage } from './protocol.ts'
import { INITIAL, type VoiceState } from './call-state.ts'
import { reduce, type VoiceEvent } from './session.ts'

export const READY: Ready = {
  type: 'ready', seq: 1, sessionId: 's', conversationId: 'c', epoch: 1, lastTurn: 0, resumeToken: null, resumed: false, model: 'm',
  language: 'en-US', voice: 'tiffany', inputSampleRateHz: 16000, outputSampleRateHz: 24000, silenceThresholdMs: 1500,
  watchdogMs: 2000, heartbeatMs: 20000,
  limits: { messageBytes: 32768, inputRate: 1.25, controlPerS: 20, sessionS: 3600, idleS: 300, textChars: 1000 },
}
export const TIMINGS = { utteranceMs: null, endpointingMs: null, timeToFirstAudioMs: null, replyMs: null }

export const message = (body: ServerMessage, atMs = 1000): VoiceEvent => ({ type: 'messageReceived', message: body, atMs })
export const service = (state: 'connecting' | 'listening' | 'thinking' | 'speaking'): VoiceEvent => message({ type: 'state', seq: 2, state })
export const closed = (code: number, retryAtMs: number | null = null): VoiceEvent => ({
  type: 'socketClosed', closing: closingFor(code), retryAtMs, atMs: 5000,
})
export const says = (role: 'user' | 'assistant', text: string, stage: 'planned' | 'spoken' = 'spoken', turn = 1): VoiceEvent =>
  message({ type: 'transcript', seq: 3, turn, role, stage, text, ...(role === 'assistant' ? { responseId: turn } : {}) })
export const plays = (responseId: number, atMs: number, lastSpeechAtMs: number | null = null): VoiceEvent => ({
  type: 'playbackStarted', responseId, atMs, lastSpeechAtMs,
})

export const PAST = continuing(conversationOf('p', 'Earlier', 1000, [['Hello', 'Hi']]))

export const SPEAKS: VoiceEvent = { type: 'speechStarted', atMs: 1200 }
/** The page is sure 1.5 s later. */
export const stopsSpeaking = (atMs: number): VoiceEvent => ({ type: 'speechEnded', atMs, closedAtMs: atMs + 1500 })

export const START: VoiceEvent = { type: 'startRequested', typing: false }
export const run = (...events: readonly VoiceEvent[]): VoiceState => events.reduce(reduce, INITIAL)
export const LIVE = [START, { type: 'microphoneOpened' }, message(READY), service('listening')] as const
