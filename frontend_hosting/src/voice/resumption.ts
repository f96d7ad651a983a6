// PURE. What a page must remember to come back to a session after the connection was lost.
// docs/protocol.md, "Coming back".

import type { ClientMessage, Played, Resume, ServerMessage } from './protocol.ts'

/** Five seconds of frames of 32 ms; what is older is not worth saying again. */
export const MOST_FRAMES = 156
const SEQUENCES = 2 ** 32
/** After these there is nothing to come back to: the user hung up, or the service said why it will not go on. */
const FINAL: ReadonlySet<number> = new Set([1000, 4400, 4403, 4408, 4409, 4410])

type Kept = { readonly sequence: number; readonly frame: ArrayBuffer }

type Start = Extract<ClientMessage, { readonly type: 'start' }>

export class Resumption {
  #sessionId: string | null = null
  #resumeToken: string | null = null
  #lastSeq = 0
  #played: Played | null = null
  #frames: Kept[] = []
  #typed: string[] = []

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
      if (!message.resumed) this.#played = null
      // Another process knows nothing of what the lost one had not written down: the page says so itself.
      if (!message.resumed) this.#typed = []
    } else if (message.type === 'ack') this.#acknowledged(message.sequence)
    else if (message.type === 'transcript' && message.role === 'user') this.#read(message.text)
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

  /** A text went out, or would have. */
  typed(text: string): void {
    if (this.#resumeToken !== null) this.#typed.push(text)
  }

  #read(text: string): void {
    const at = this.#typed.indexOf(text)
    if (at >= 0) this.#typed.splice(at, 1)
  }

  /** What was typed and never told as heard; the service tells that before `ready`, so that nothing is said twice. */
  unread(): readonly string[] {
    return this.#typed
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

  /** For `start`: the session; its conversation is the page's own business. */
  claim(): { readonly resume?: Resume } {
    if (this.#sessionId === null || this.#resumeToken === null) return {}
    const played = this.#played ? { played: this.#played } : {}
    return { resume: { sessionId: this.#sessionId, resumeToken: this.#resumeToken, lastSeq: this.#lastSeq, ...played } }
  }

  /** A `start` that claims; a session is asked for instead of its conversation, never beside it. */
  claiming({ conversationId, ...start }: Start): Start {
    const claim = this.claim()
    if (claim.resume !== undefined || conversationId === undefined) return { ...start, ...claim }
    return { ...start, conversationId }
  }

  /** The connection closed. */
  closed(code: number): void {
    if (FINAL.has(code)) this.forget()
  }

  /** The user hung up. */
  forget(): void {
    this.#sessionId = this.#resumeToken = this.#played = null
    this.#frames = []
    this.#typed = []
    this.#lastSeq = 0
  }
}
