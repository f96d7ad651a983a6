// What the capture worklet, the player worklet, the socket worker and the page say to each other over their ports.

import type { ClientMessage, Played, ServerMessage } from '../protocol.ts'

export type PageToCapture =
  | { readonly type: 'ports'; readonly socket: MessagePort; readonly player: MessagePort }
  /** A closed gate sends zeros. A held gate ends its utterance when it closes, and at no pause before. */
  | { readonly type: 'gate'; readonly gate: 'open' | 'held' | 'closed' }
  /** The service has closed the turn: its end needs no reporting any more. */
  | { readonly type: 'utteranceClosed' }
  | { readonly type: 'silence'; readonly thresholdMs: number }
  /** Whether the browser takes the assistant's voice out of the microphone's. */
  | { readonly type: 'echo'; readonly cancelled: boolean }
  /** A network that says how likely each frame is speech; null: the level alone decides. */
  | { readonly type: 'judge'; readonly port: MessagePort | null }
  | { readonly type: 'stop' }

/** Frames of 16 kHz come in at the port, probabilities go out of it. */
export type PageToJudge = { readonly weights: ArrayBuffer; readonly capture: MessagePort }

export type CaptureToPage =
  | { readonly type: 'speechStarted'; readonly atMs: number }
  | { readonly type: 'speechEnded'; readonly atMs: number }
  | { readonly type: 'speechAbandoned' }
  /** Level 0 to 1, and when the user last spoke (epoch ms), null if never. */
  | { readonly type: 'level'; readonly level: number; readonly lastSpeechAtMs: number | null }

export type PageToPlayer =
  | { readonly type: 'ports'; readonly socket: MessagePort; readonly capture: MessagePort }
  | { readonly type: 'stop' }

export type PlayerToPage =
  | { readonly type: 'started'; readonly responseId: number; readonly atMs: number }
  | { readonly type: 'stopped'; readonly responseId: number; readonly positionMs: number; readonly flushed: boolean }
  /** The user spoke over the reply, so it waits; or nobody interrupted it, so it goes on from the same sample. */
  | { readonly type: 'held'; readonly held: boolean; readonly responseId: number; readonly positionMs: number; readonly atMs: number }
  | {
      readonly type: 'level'
      readonly level: number
      /** What is being heard, how far it got, and how much of it has arrived; at the epoch millisecond `atMs`. */
      readonly playout: { readonly responseId: number; readonly positionMs: number; readonly arrivedMs: number } | null
      readonly atMs: number
      /** Since the player was made: samples that were not silence, and times it ran dry. */
      readonly audibleSamples: number
      readonly underruns: number
      readonly bufferedMs: number
    }

export type PlayerToCapture = { readonly type: 'audible'; readonly audible: boolean }
export type CaptureToPlayer =
  /** It sounds as if the user began to speak; the detector is not sure yet. */
  | { readonly type: 'onset' }
  | { readonly type: 'speech'; readonly speaking: boolean; readonly pressed: boolean }
export type PlayerToSocket = { readonly type: 'played' } & Played

export type SocketToPlayer =
  | { readonly type: 'rate'; readonly hz: number }
  /** A whole frame, header and all: it is moved, not copied. */
  | { readonly type: 'audio'; readonly responseId: number; readonly frame: ArrayBuffer }
  | { readonly type: 'end' }
  | { readonly type: 'flush'; readonly responseId: number }

export type PageToSocket =
  | { readonly type: 'ports'; readonly capture: MessagePort; readonly player: MessagePort }
  | { readonly type: 'open'; readonly url: string; readonly protocols: string[] }
  | { readonly type: 'send'; readonly message: ClientMessage }
  | { readonly type: 'close' }

export type SocketToPage =
  | { readonly type: 'opened' }
  /** `audioMs`: how much audio of the message's reply had arrived before it. */
  | { readonly type: 'message'; readonly message: ServerMessage; readonly audioMs: number }
  /** `clock`: what the service's clock showed in between, and the page's at the end. */
  | { readonly type: 'roundTrip'; readonly ms: number; readonly clock?: { readonly clockMs: number; readonly atMs: number } }
  /** `opened`: whether the service had accepted the socket at all. */
  | { readonly type: 'closed'; readonly code: number; readonly reason: string; readonly opened: boolean }
