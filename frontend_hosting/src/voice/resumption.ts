// PURE. What a page must remember to come back to a session, or to its conversation, after the connection was lost.
// docs/protocol.md, "Coming back".

import type { ClientMessage, Played, Resume, ServerMessage } from './protocol.ts'

/** Five seconds of frames of 32 ms; what is older is not worth saying again. */
export const MOST_FRAMES = 156
const SEQUENCES = 2 ** 32
/** After these there is nothing to come back to: the user hung up, or the service said why it will not go on. */
const FINAL: ReadonlySet<number> = new Set([1000, 4400, 4403, 4408, 4409])
const CANNOT_RESUME = 4410

type Kept = { readonly sequence: number; readonly frame: ArrayBuffer }

type Start = Extract<ClientMessage, { readonly type: 'start' }>

export class Resumption {
  #sessionId: string | null = null
  #resumeToken: string | null = null
  #conversationId: string | null = null
  #lastSeq = 0
  #played: Played | null = null
  #frames: Kept[] = []

  /** Whether words that are said now may still be heard by somebody. */
  get isWaiting(): boolean {
    return this.#resumeToken !== null
  }

  heard(message: ServerMessage): void {
    if (message.type === 'unknown') return
    this.#lastSeq = message.seq
    if (message.type === 'ready') {
      this.#sessionId = message.sessionId
      this.#resumeToken = message.resumeToken
      this.#conversationId = message.conversationId
      if (!message.resumed) this.#played = null
    } else if (message.type === 'ack') this.#acknowledged(message.sequence)
  }

  played(played: Played): void {
    this.#played = played
  }

  /** A frame went out, or would have. */
  sent(sequence: number, frame: ArrayBuffer): void {
    // Without a session to come back to there is nobody to say it to.
    if (this.#resumeToken === null) return
    this.#frames.push({ sequence, frame })
    if (this.#frames.length > MOST_FRAMES) this.#frames.shift()
  }

  #acknowledged(sequence: number): void {
    const isNew = ({ sequence: kept }: Kept): boolean => {
      const ahead = (kept - sequence + SEQUENCES) % SEQUENCES
      return ahead > 0 && ahead < SEQUENCES / 2
    }
    this.#frames = this.#frames.filter(isNew)
  }

  /** What nobody has confirmed, to be sent again. */
  unconfirmed(): readonly ArrayBuffer[] {
    return this.#frames.map(({ frame }) => frame)
  }

  /** For `start`: the session, else its conversation, else nothing. */
  claim(): { readonly resume?: Resume; readonly conversationId?: string } {
    if (this.#sessionId !== null && this.#resumeToken !== null) {
      const played = this.#played ? { played: this.#played } : {}
      return { resume: { sessionId: this.#sessionId, resumeToken: this.#resumeToken, lastSeq: this.#lastSeq, ...played } }
    }
    return this.#conversationId === null ? {} : { conversationId: this.#conversationId }
  }

  /** A `start` that claims; a session is asked for instead of its conversation, never beside it. */
  claiming({ conversationId, ...start }: Start): Start {
    const claim = this.claim()
    if (claim.resume !== undefined || conversationId === undefined) return { ...start, ...claim }
    return { ...start, conversationId, ...claim }
  }

  /** The connection closed; once a session cannot be had, its conversation may, and after that nothing. */
  closed(code: number): void {
    if (FINAL.has(code)) this.forget()
    else if (code === CANNOT_RESUME && this.#resumeToken === null) this.forget()
    else if (code === CANNOT_RESUME) {
      this.#resumeToken = null
      this.#frames = []
    }
  }

  /** The user hung up. */
  forget(): void {
    this.#sessionId = this.#resumeToken = this.#conversationId = this.#played = null
    this.#frames = []
    this.#lastSeq = 0
  }
}
