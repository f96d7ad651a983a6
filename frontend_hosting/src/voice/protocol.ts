// PURE. The client protocol's messages as types, both ways, and how the page's are written.

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

/** One message as the service reads it. Half a surrogate pair, which it would refuse, is replaced. */
export function encodeClientMessage(message: ClientMessage): string {
  return JSON.stringify(message.type === 'text' ? { ...message, text: message.text.toWellFormed() } : message)
}
