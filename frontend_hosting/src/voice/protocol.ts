// PURE. The client protocol's JSON messages: bytes are parsed once, here, into types; past this file no raw JSON exists.
//
// The service refuses what it does not know. The page does not: a message of an unknown type becomes `unknown` and an
// unknown field is left out, so that a newer service can talk to an older page. What is known must be well formed.

export const SUBPROTOCOL = 'voice.v1'
export const SOCKET_PATH = '/ws'

export type Played = { readonly responseId: number; readonly positionMs: number }

export type Resume = {
  readonly sessionId: string
  readonly resumeToken: string
  readonly lastSeq: number
  readonly played?: Played
}

export type ClientMessage =
  | {
      readonly type: 'start'
      readonly conversationId?: string
      readonly resume?: Resume
      readonly language?: string
      readonly voice?: string
      readonly inputSampleRateHz?: number
      readonly outputSampleRateHz?: number
    }
  | { readonly type: 'endOfUtterance' }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'interrupt' }
  | { readonly type: 'end' }
  | ({ readonly type: 'played' } & Played)
  | { readonly type: 'auth'; readonly ticket: string }
  | { readonly type: 'ping'; readonly id: number }
  | ClientTimings

/** What only the page knows of a reply's way; all on the page's clock. */
export type ClientTimings = {
  readonly type: 'timings'
  readonly responseId: number
  readonly receivedAtMs: number
  readonly bufferedAtMs: number
  readonly playedAtMs: number
  readonly clockOffsetMs: number
  readonly roundTripMs: number
  readonly askedAtMs?: number
  readonly underruns?: number
}

export type ServerPhase = 'connecting' | 'listening' | 'thinking' | 'speaking'
export type Role = 'user' | 'assistant'
export type Stage = 'planned' | 'spoken' | 'heard'

export type Limits = {
  readonly messageBytes: number
  readonly inputRate: number
  readonly controlPerS: number
  readonly sessionS: number
  readonly idleS: number
  readonly textChars: number
}

export type Timings = {
  readonly utteranceMs: number | null
  readonly endpointingMs: number | null
  readonly timeToFirstAudioMs: number | null
  readonly replyMs: number | null
}

export const PARTS = ['uplinkMs', 'serviceInMs', 'endpointingMs', 'modelMs', 'serviceOutMs', 'downlinkMs', 'jitterBufferMs', 'outputMs'] as const
export type Part = (typeof PARTS)[number]

/** Where the time of a turn went; null: not known. */
export type Waterfall = { readonly [part in Part]: number | null } & { readonly totalMs: number }

export type Tokens = { readonly speechTokens: number; readonly textTokens: number }

type Sequenced = { readonly seq: number }

export type Ready = Sequenced & {
  readonly type: 'ready'
  readonly sessionId: string
  readonly conversationId: string
  readonly epoch: number
  /** The newest turn that is stored for good; 0: none. */
  readonly lastTurn: number
  readonly resumeToken: string | null
  readonly resumed: boolean
  readonly model: string
  readonly language: string
  readonly voice: string
  readonly inputSampleRateHz: number
  readonly outputSampleRateHz: number
  readonly silenceThresholdMs: number
  readonly watchdogMs: number
  readonly heartbeatMs: number
  readonly limits: Limits
}

export type Transcript = Sequenced & {
  readonly type: 'transcript'
  readonly turn: number
  readonly role: Role
  readonly stage: Stage
  readonly text: string
  readonly responseId?: number
}

export type TurnReport = Sequenced & {
  readonly type: 'turn'
  readonly turn: number
  readonly outcome: string
  readonly closedBy: string | null
  readonly responseId: number | null
  readonly saved: boolean
  readonly timings: Timings
  readonly waterfall?: Waterfall
  readonly costUsd?: number
}

export type ServerError = Sequenced & {
  readonly type: 'error'
  readonly code: string
  readonly message: string
  readonly retryable: boolean
  readonly correlationId: string | null
}

export type ServerMessage =
  | Ready
  | (Sequenced & { readonly type: 'queued'; readonly position: number })
  | (Sequenced & { readonly type: 'state'; readonly state: ServerPhase; readonly responseId?: number })
  | Transcript
  | (Sequenced & { readonly type: 'interrupted'; readonly responseId: number; readonly cause: string })
  | TurnReport
  | (Sequenced & {
      readonly type: 'tool'
      readonly turn: number
      readonly toolUseId: string
      readonly name: string
      readonly status: string
    })
  | (Sequenced & {
      readonly type: 'usage'
      readonly input: Tokens
      readonly output: Tokens
      readonly totalTokens: number
      readonly costUsd?: number
    })
  | (Sequenced & {
      readonly type: 'goAway'
      readonly reason: string
      readonly deadlineMs: number
      readonly reconnectAfterMs: number
    })
  | (Sequenced & { readonly type: 'authExpiring'; readonly inMs: number })
  | (Sequenced & { readonly type: 'ack'; readonly sequence: number })
  | (Sequenced & { readonly type: 'pong'; readonly id: number; readonly clockMs?: number })
  | ServerError
  | { readonly type: 'unknown'; readonly name: string }

/** Raised when the service breaks the protocol; the sentence names what is wrong. */
export class ProtocolError extends Error {}

/** One message as the service reads it. Half a surrogate pair, which it would refuse, is replaced. */
export function encodeClientMessage(message: ClientMessage): string {
  return JSON.stringify(message.type === 'text' ? { ...message, text: message.text.toWellFormed() } : message)
}

export function decodeServerMessage(text: string): ServerMessage {
  const fields = new Fields('message', parse(text))
  const type = fields.string('type')
  const decode = Object.hasOwn(DECODERS, type) ? DECODERS[type] : undefined
  return decode ? decode(new Fields(type, fields.value)) : { type: 'unknown', name: type }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new ProtocolError('the service sent what is not JSON')
  }
}

/** The fields of one object; every reader names the field it could not read. */
class Fields {
  readonly name: string
  readonly value: Readonly<Record<string, unknown>>

  constructor(name: string, value: unknown) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new ProtocolError(`${name} is not a JSON object`)
    }
    this.name = name
    this.value = value as Readonly<Record<string, unknown>>
  }

  has(key: string): boolean {
    return this.value[key] !== undefined
  }

  string(key: string): string {
    const value = this.value[key]
    return typeof value === 'string' ? value : this.#refuse(key, 'a string')
  }

  stringOrNull(key: string): string | null {
    return (this.value[key] ?? null) === null ? null : this.string(key)
  }

  boolean(key: string): boolean {
    const value = this.value[key]
    return typeof value === 'boolean' ? value : this.#refuse(key, 'true or false')
  }

  number(key: string): number {
    const value = this.value[key]
    return typeof value === 'number' && Number.isFinite(value) && value >= 0
      ? value
      : this.#refuse(key, 'a number that is not negative')
  }

  integer(key: string): number {
    const value = this.number(key)
    return Number.isSafeInteger(value) ? value : this.#refuse(key, 'a whole number')
  }

  numberOrNull(key: string): number | null {
    return (this.value[key] ?? null) === null ? null : this.number(key)
  }

  integerOrNull(key: string): number | null {
    return (this.value[key] ?? null) === null ? null : this.integer(key)
  }

  oneOf<T extends string>(key: string, values: readonly T[]): T {
    const value = this.value[key]
    return values.find((known) => known === value) ?? this.#refuse(key, `one of ${values.join(', ')}`)
  }

  object(key: string): Fields {
    return new Fields(`${this.name}.${key}`, this.value[key])
  }

  #refuse(key: string, expected: string): never {
    throw new ProtocolError(`${this.name}.${key} is not ${expected}`)
  }
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

function limits(f: Fields): Limits {
  return {
    messageBytes: f.integer('messageBytes'),
    inputRate: f.number('inputRate'),
    controlPerS: f.number('controlPerS'),
    sessionS: f.number('sessionS'),
    idleS: f.number('idleS'),
    textChars: f.integer('textChars'),
  }
}

function timings(f: Fields): Timings {
  return {
    utteranceMs: f.numberOrNull('utteranceMs'),
    endpointingMs: f.numberOrNull('endpointingMs'),
    timeToFirstAudioMs: f.numberOrNull('timeToFirstAudioMs'),
    replyMs: f.numberOrNull('replyMs'),
  }
}

function waterfall(f: Fields): Waterfall {
  const parts = Object.fromEntries(PARTS.map((part) => [part, f.numberOrNull(part)])) as Record<Part, number | null>
  return { ...parts, totalMs: f.number('totalMs') }
}

function tokens(f: Fields): Tokens {
  return { speechTokens: f.integer('speechTokens'), textTokens: f.integer('textTokens') }
}
