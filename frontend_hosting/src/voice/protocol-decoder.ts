// PURE. Every message of the service: bytes are parsed once, here, into types; past this file no raw JSON exists.
//
// The service refuses what it does not know. The page does not: a message of an unknown type becomes `unknown` and an
// unknown field is left out, so that a newer service can talk to an older page. What is known must be well formed.

import { Fields, parse } from './json-fields.ts'
import { type Limits, type Part, PARTS, type ServerMessage, type Timings, type Tokens, type Waterfall } from './protocol.ts'

export function decodeServerMessage(text: string): ServerMessage {
  const fields = new Fields('message', parse(text))
  const type = fields.string('type')
  const decode = Object.hasOwn(DECODERS, type) ? DECODERS[type] : undefined
  return decode ? decode(new Fields(type, fields.value)) : { type: 'unknown', name: type }
}

const PHASES = ['connecting', 'listening', 'thinking', 'speaking'] as const

const DECODERS: Readonly<Record<string, (f: Fields) => ServerMessage>> = {
  ready: (f) => ({
    type: 'ready',
    seq: f.integer('seq'),
    sessionId: f.string('sessionId'),
    conversationId: f.string('conversationId'),
    epoch: f.integer('epoch'),
    lastTurn: f.integer('lastTurn'),
    resumeToken: f.stringOrNull('resumeToken'),
    resumed: f.boolean('resumed'),
    model: f.string('model'),
    language: f.string('language'),
    voice: f.string('voice'),
    inputSampleRateHz: f.integer('inputSampleRateHz'),
    outputSampleRateHz: f.integer('outputSampleRateHz'),
    silenceThresholdMs: f.number('silenceThresholdMs'),
    watchdogMs: f.number('watchdogMs'),
    heartbeatMs: f.number('heartbeatMs'),
    limits: limits(f.object('limits')),
  }),
  queued: (f) => ({ type: 'queued', seq: f.integer('seq'), position: f.integer('position') }),
  state: (f) => ({
    type: 'state',
    seq: f.integer('seq'),
    state: f.oneOf('state', PHASES),
    ...(f.has('responseId') ? { responseId: f.integer('responseId') } : {}),
  }),
  transcript: (f) => ({
    type: 'transcript',
    seq: f.integer('seq'),
    turn: f.integer('turn'),
    role: f.oneOf('role', ['user', 'assistant']),
    stage: f.oneOf('stage', ['planned', 'spoken', 'heard']),
    text: f.string('text'),
    ...(f.has('responseId') ? { responseId: f.integer('responseId') } : {}),
  }),
  interrupted: (f) => ({
    type: 'interrupted',
    seq: f.integer('seq'),
    responseId: f.integer('responseId'),
    cause: f.string('cause'),
  }),
  turn: (f) => ({
    type: 'turn',
    seq: f.integer('seq'),
    turn: f.integer('turn'),
    outcome: f.string('outcome'),
    closedBy: f.stringOrNull('closedBy'),
    responseId: f.integerOrNull('responseId'),
    saved: f.boolean('saved'),
    timings: timings(f.object('timings')),
    ...(f.has('waterfall') ? { waterfall: waterfall(f.object('waterfall')) } : {}),
    ...(f.has('costUsd') ? { costUsd: f.number('costUsd') } : {}),
  }),
  tool: (f) => ({
    type: 'tool',
    seq: f.integer('seq'),
    turn: f.integer('turn'),
    toolUseId: f.string('toolUseId'),
    name: f.string('name'),
    status: f.string('status'),
  }),
  usage: (f) => ({
    type: 'usage',
    seq: f.integer('seq'),
    input: tokens(f.object('input')),
    output: tokens(f.object('output')),
    totalTokens: f.integer('totalTokens'),
    ...(f.has('costUsd') ? { costUsd: f.number('costUsd') } : {}),
  }),
  goAway: (f) => ({
    type: 'goAway',
    seq: f.integer('seq'),
    reason: f.string('reason'),
    deadlineMs: f.number('deadlineMs'),
    reconnectAfterMs: f.number('reconnectAfterMs'),
  }),
  authExpiring: (f) => ({ type: 'authExpiring', seq: f.integer('seq'), inMs: f.number('inMs') }),
  ack: (f) => ({ type: 'ack', seq: f.integer('seq'), sequence: f.integer('sequence') }),
  pong: (f) => ({ type: 'pong', seq: f.integer('seq'), id: f.integer('id'), ...(f.has('clockMs') ? { clockMs: f.integer('clockMs') } : {}) }),
  error: (f) => ({
    type: 'error',
    seq: f.integer('seq'),
    code: f.string('code'),
    message: f.string('message'),
    retryable: f.boolean('retryable'),
    correlationId: f.stringOrNull('correlationId'),
  }),
}

export function limits(f: Fields): Limits {
  return {
    messageBytes: f.integer('messageBytes'),
    inputRate: f.number('inputRate'),
    controlPerS: f.number('controlPerS'),
    sessionS: f.number('sessionS'),
    idleS: f.number('idleS'),
    textChars: f.integer('textChars'),
  }
}

export function timings(f: Fields): Timings {
  return {
    utteranceMs: f.numberOrNull('utteranceMs'),
    endpointingMs: f.numberOrNull('endpointingMs'),
    timeToFirstAudioMs: f.numberOrNull('timeToFirstAudioMs'),
    replyMs: f.numberOrNull('replyMs'),
  }
}

export function waterfall(f: Fields): Waterfall {
  const parts = Object.fromEntries(PARTS.map((part) => [part, f.numberOrNull(part)])) as Record<Part, number | null>
  return { ...parts, totalMs: f.number('totalMs') }
}

function tokens(f: Fields): Tokens {
  return { speechTokens: f.integer('speechTokens'), textTokens: f.integer('textTokens') }
}
