// One call's line to the service: a ticket, a socket, `ready` in time; and when it breaks, the same again after a while.
//
// It knows nothing of sound. What it cannot repair it reports, once, as a problem or as a closing.

import type { SocketToPage } from './audio/messages.ts'
import { type Closing, closingFor, HEARTBEAT_LOST, RetryPlan } from './close-codes.ts'
import { type Problem, problemAfter } from './problems.ts'
import type { ClientMessage, ServerError, ServerMessage } from './protocol.ts'
import { Renewal } from './renewal.ts'
import type { OpenSocket, SocketPorts, VoiceSocket } from './socket.ts'
import { type GetTicket, refusalOf, type TicketRefused } from './tickets.ts'

export type ConnectionPorts = {
  readonly openSocket: OpenSocket
  readonly getTicket: GetTicket
  readonly diagnose: () => Promise<Problem>
  readonly now: () => number
  readonly random: () => number
}

export type ConnectionListener = {
  readonly onOpened: () => void
  readonly onMessage: (message: ServerMessage, audioMs: number) => void
  readonly onRoundTrip: (ms: number, clock?: { readonly clockMs: number; readonly atMs: number }) => void
  /** The call cannot begin, or cannot go on. */
  readonly onProblem: (problem: Problem) => void
  /** It closed; `retryAtMs` is null when nothing more will be tried. */
  readonly onClosed: (closing: Closing, retryAtMs: number | null) => void
  /** The service does not have the conversation that was to be continued; what follows must not ask for it. */
  readonly onConversationUnknown: () => void
  /** The last complaint of the service, for the problem that follows it. */
  readonly complaint: () => ServerError | null
}

/** `opening`: for a ticket, then for `ready`. `waiting`: for the next attempt. */
type Standing = 'opening' | 'live' | 'waiting' | 'over'

const READY_WITHIN_MS = 15_000
/** A way back that leads nowhere is left soon, twice: the next may lead elsewhere. Ticket and upgrade together. */
const OPENED_WITHIN_MS = [3000, 4000]
const LINGER_MS = 1000
const CONVERSATION_UNKNOWN = 4410

export class Connection {
  readonly #ports: ConnectionPorts
  readonly #listener: ConnectionListener
  readonly #socket: VoiceSocket
  readonly #renewal: Renewal
  readonly #retries = new RetryPlan()
  #standing: Standing = 'opening'
  #began = false
  /** How often it was tried since the connection was lost. */
  #waysBack = 0
  #attempts = 0
  /** A call that was refused before it began: once more, for a ticket lives for seconds. */
  #triedAnotherTicket = false
  /** A new conversation in place of one that is gone. */
  #triedAnew = false
  #deadline: ReturnType<typeof setTimeout> | undefined
  #retry: ReturnType<typeof setTimeout> | undefined
  /** Where the service that leaves wants its clients back, each at its own moment. */
  #leaveAtMs = 0
  #liveSinceMs: number | null = null

  constructor(ports: ConnectionPorts, listener: ConnectionListener, audio: SocketPorts) {
    this.#ports = ports
    this.#listener = listener
    const send = (ticket: string): void => this.send({ type: 'auth', ticket })
    this.#renewal = new Renewal({ getTicket: ports.getTicket, now: ports.now, send })
    this.#socket = ports.openSocket((event) => this.#onSocket(event))
    this.#socket.connect(audio)
  }

  async open(): Promise<void> {
    const attempt = ++this.#attempts
    this.#standing = 'opening'
    this.#expectReady((this.#began ? OPENED_WITHIN_MS[this.#waysBack++] : undefined) ?? READY_WITHIN_MS)
    try {
      const ticket = await this.#ports.getTicket('known')
      if (this.#isStill(attempt)) this.#socket.open(ticket)
    } catch (error) {
      if (this.#isStill(attempt)) this.#onRefused(refusalOf(error))
    }
  }

  send(message: ClientMessage): void {
    this.#socket.send(message)
  }

  close(): void {
    this.#standing = 'over'
    clearTimeout(this.#deadline)
    clearTimeout(this.#retry)
    this.#renewal.stop()
    this.#socket.close()
    // The worker lives long enough to send what was queued and to say goodbye.
    setTimeout(() => this.#socket.dispose(), LINGER_MS)
  }

  #onRefused({ problem, closing }: TicketRefused): void {
    if (closing.kind === 'retry' && this.#began) this.#close(closing)
    else this.#report(problem)
  }

  /** A ticket that took too long belongs to an attempt that was given up. */
  #isStill(attempt: number): boolean {
    return this.#standing === 'opening' && attempt === this.#attempts
  }

  #expectReady(withinMs: number): void {
    clearTimeout(this.#deadline)
    this.#deadline = setTimeout(() => this.#onSilence(), withinMs)
  }

  /** The socket may be open, yet nobody says `ready`. */
  #onSilence(): void {
    if (this.#began) {
      // It may answer that with a calm 1000, which would end the call: it counts as lost, and its answer as nothing.
      this.#socket.close()
      this.#close(closingFor(HEARTBEAT_LOST))
    } else this.#report({ code: 'serviceSilent', detail: null })
  }

  #onSocket(event: SocketToPage): void {
    // The worker outlives the call by a moment.
    if (this.#standing === 'over') return
    switch (event.type) {
      case 'opened':
        this.#expectReady(READY_WITHIN_MS)
        this.#listener.onOpened()
        return
      case 'roundTrip':
        this.#listener.onRoundTrip(event.ms, event.clock)
        return
      case 'closed':
        void this.#onClosed(event.code, event.opened)
        return
      case 'message':
        this.#note(event.message)
        this.#listener.onMessage(event.message, event.audioMs)
    }
  }

  /** What a message means for the line itself. */
  #note(message: ServerMessage): void {
    const atMs = this.#ports.now()
    if (message.type === 'ready') {
      clearTimeout(this.#deadline)
      this.#standing = 'live'
      this.#began = true
      this.#waysBack = 0
      this.#liveSinceMs = atMs
    } else if (message.type === 'queued') clearTimeout(this.#deadline)
    else if (message.type === 'goAway') this.#leaveAtMs = atMs + message.reconnectAfterMs
    else if (message.type === 'authExpiring') this.#renewal.begin(atMs + message.inMs)
    else if (message.type === 'error' && message.code === 'ticket_refused') this.#renewal.refused()
  }

  async #onClosed(code: number, opened: boolean): Promise<void> {
    if (this.#standing === 'waiting') return
    clearTimeout(this.#deadline)
    this.#renewal.stop()
    const complaint = this.#listener.complaint()
    const closing = closingFor(code, complaint?.code)
    const unknown = code === CONVERSATION_UNKNOWN
    if (unknown) this.#listener.onConversationUnknown()
    if (this.#began || closing.kind !== 'retry') this.#close(closing)
    else if (unknown && !this.#triedAnew) {
      this.#triedAnew = true
      await this.open()
    } else if (opened) this.#report(problemAfter(closing.problem, complaint))
    else if (!this.#triedAnotherTicket) {
      this.#triedAnotherTicket = true
      await this.open()
    } else {
      // Not retried further in silence: the person who pressed the button waits for an answer.
      this.#report(await this.#ports.diagnose())
    }
  }

  #report(problem: Problem): void {
    if (this.#standing !== 'over') this.#listener.onProblem(problem)
  }

  #close(closing: Closing): void {
    clearTimeout(this.#deadline)
    const atMs = this.#ports.now()
    const delayMs = closing.kind === 'retry' ? this.#delay(closing.leastMs, atMs) : null
    this.#liveSinceMs = null
    this.#standing = 'waiting'
    this.#listener.onClosed(closing, delayMs === null ? null : atMs + delayMs)
    if (delayMs !== null) this.#retry = setTimeout(() => void this.open(), delayMs)
  }

  #delay(leastMs: number, now: number): number | null {
    // A service that leaves spreads its clients itself: each has a moment of its own, and loses no time on top of it.
    const isSentOn = this.#leaveAtMs > 0
    const least = Math.max(leastMs, this.#leaveAtMs - now)
    this.#leaveAtMs = 0
    const random = isSentOn ? 0 : this.#ports.random()
    return this.#retries.next({ now, liveSinceMs: this.#liveSinceMs, leastMs: least, random })
  }
}
