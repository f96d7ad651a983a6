// Between the service and the two worklets: numbers what is sent, drops what was interrupted, keeps the heartbeat.

import type { PageToSocket, PlayerToSocket, SocketToPage, SocketToPlayer } from './audio/messages.ts'
import { decodeDownlinkFrame, FrameError, numberUplinkFrame } from './audio/frame.ts'
import { HEARTBEAT_LOST } from './close-codes.ts'
import { Heartbeat } from './heartbeat.ts'
import { ProtocolError } from './json-fields.ts'
import { decodeServerMessage } from './protocol-decoder.ts'
import { type ClientMessage, encodeClientMessage, type ServerMessage } from './protocol.ts'
import { Resumption } from './resumption.ts'

/** Two seconds of audio: a network slower than that loses frames here rather than falling further behind. */
const MOST_BUFFERED_BYTES = 64_000
const OPEN = 1
const EVERY_RESPONSE = 0xffff_ffff
/** 4400 says whose fault it was; browsers let a page close with 1000 or 3000-4999 only. */
const SERVICE_BROKE_PROTOCOL = 4400
const CANNOT_RESUME = 4410

export type RelayPorts = {
  readonly tell: (event: SocketToPage) => void
  readonly connect: (url: string, protocols: string[]) => WebSocket
  /** Milliseconds on a steady clock. */
  readonly now: () => number
  /** Milliseconds since 1970, the clock that frames and replies are stamped with. */
  readonly epochMs: () => number
}

export class SocketRelay {
  readonly #ports: RelayPorts
  #socket: WebSocket | null = null
  #player: MessagePort | null = null
  #heartbeat: Heartbeat | null = null
  readonly #resumption = new Resumption()
  #sequence = 0
  #latest = 0
  #flushedUpTo = 0
  /** How much of the latest reply has arrived, in samples of the service's rate. */
  #arrived = 0
  #rateHz = 0

  constructor(ports: RelayPorts) {
    this.#ports = ports
  }

  obey(command: PageToSocket): void {
    switch (command.type) {
      case 'ports':
        this.#player = command.player
        command.player.onmessage = ({ data }: MessageEvent<PlayerToSocket>) => this.#send(data)
        command.capture.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => this.#sendAudio(data)
        return
      case 'open':
        this.#open(command.url, command.protocols)
        return
      case 'send':
        // The user's own word needs no confirmation: silence now, whatever is still on its way.
        if (command.message.type === 'interrupt') this.#flush(this.#latest)
        this.#send(command.message.type === 'start' ? this.#resumption.claiming(command.message) : command.message)
        return
      case 'close':
        this.#resumption.forget()
        this.#socket?.close(1000)
    }
  }

  /** Called twice a second or so. */
  tick(): void {
    const beat = this.#heartbeat?.tick(this.#ports.now())
    if (beat?.type === 'ping') this.#send(beat)
    else if (beat?.type === 'dead') this.#abandon(HEARTBEAT_LOST, 'the service stopped answering')
  }

  #open(url: string, protocols: string[]): void {
    const socket = this.#ports.connect(url, protocols)
    socket.binaryType = 'arraybuffer'
    let opened = false
    socket.onopen = () => {
      opened = true
      this.#ports.tell({ type: 'opened' })
    }
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (socket === this.#socket) this.#receive(data)
    }
    socket.onclose = ({ code, reason }) => {
      if (socket === this.#socket) this.#closed(code, reason, opened)
    }
    this.#socket = socket
    if (!this.#resumption.isWaiting) this.#sequence = this.#latest = this.#flushedUpTo = 0
  }

  #receive(data: string | ArrayBuffer): void {
    this.#heartbeat?.heard(this.#ports.now())
    try {
      if (typeof data === 'string') this.#receiveMessage(decodeServerMessage(data))
      else this.#receiveAudio(data)
    } catch (error) {
      if (!(error instanceof ProtocolError || error instanceof FrameError)) throw error
      this.#abandon(SERVICE_BROKE_PROTOCOL, error.message)
    }
  }

  #receiveAudio(frame: ArrayBuffer): void {
    const { responseId, position, pcm } = decodeDownlinkFrame(frame)
    // What was on its way when the reply was interrupted must not be heard before the next one.
    if (responseId <= this.#flushedUpTo) return
    this.#latest = responseId
    this.#arrived = position + pcm.length
    this.#tellPlayer({ type: 'audio', responseId, frame }, [frame])
  }

  #receiveMessage(message: ServerMessage): void {
    this.#resumption.heard(message)
    if (message.type === 'ready') {
      if (!message.resumed) this.#latest = this.#flushedUpTo = 0
      this.#rateHz = message.outputSampleRateHz
      this.#tellPlayer({ type: 'rate', hz: message.outputSampleRateHz })
      this.#heartbeat = new Heartbeat(this.#ports.now(), message.heartbeatMs)
      // Whoever goes on has heard nothing that was not confirmed; what was taken is dropped there by its number.
      for (const frame of this.#resumption.unconfirmed()) this.#socket?.send(frame)
      for (const text of this.#resumption.unread()) this.#socket?.send(encodeClientMessage({ type: 'text', text }))
      this.tick()
    } else if (message.type === 'interrupted') {
      this.#flush(message.responseId)
    } else if (message.type === 'turn' || (message.type === 'state' && message.state !== 'speaking')) {
      this.#tellPlayer({ type: 'end' })
    } else if (message.type === 'pong') {
      const ms = this.#heartbeat?.pong(message.id, this.#ports.now()) ?? null
      const { clockMs } = message
      const clock = clockMs === undefined ? {} : { clock: { clockMs, atMs: this.#ports.epochMs() } }
      if (ms !== null) this.#ports.tell({ type: 'roundTrip', ms, ...clock })
      return
    }
    this.#ports.tell({ type: 'message', message, audioMs: this.#audioMs(message) })
  }

  /** Text and sound travel in order, so what had arrived before a sentence is where in the reply it begins. */
  #audioMs(message: ServerMessage): number {
    const mine = message.type === 'transcript' && message.responseId === this.#latest && this.#rateHz > 0
    return mine ? Math.round((this.#arrived * 1000) / this.#rateHz) : 0
  }

  #flush(responseId: number): void {
    this.#flushedUpTo = Math.max(this.#flushedUpTo, responseId)
    this.#tellPlayer({ type: 'flush', responseId })
  }

  /** Close from our side and do not wait for the other: it may never answer. */
  #abandon(code: number, reason: string): void {
    const socket = this.#socket
    if (!socket) return
    this.#closed(code, reason, true)
    socket.close(code, reason.slice(0, 100))
  }

  #closed(code: number, reason: string, opened: boolean): void {
    this.#socket = null
    this.#heartbeat = null
    // Without its session the page still has its conversation, and tries again with that.
    const told = code === CANNOT_RESUME && this.#resumption.isWaiting ? HEARTBEAT_LOST : code
    this.#resumption.closed(code)
    this.#tellPlayer({ type: 'flush', responseId: EVERY_RESPONSE })
    this.#ports.tell({ type: 'closed', code: told, reason, opened })
  }

  #send(message: ClientMessage): void {
    if (message.type === 'played') this.#resumption.played({ responseId: message.responseId, positionMs: message.positionMs })
    if (message.type === 'text') this.#resumption.typed(message.text)
    if (this.#socket?.readyState === OPEN) this.#socket.send(encodeClientMessage(message))
  }

  /** Audio flows from `ready` on (the heartbeat lives as long); while a session is taken up again it is kept. */
  #sendAudio(frame: ArrayBuffer): void {
    const socket = this.#socket
    const hears = this.#heartbeat !== null && socket?.readyState === OPEN
    if (!hears && !this.#resumption.isWaiting) return
    if (hears && socket.bufferedAmount > MOST_BUFFERED_BYTES) return
    numberUplinkFrame(frame, this.#sequence)
    this.#resumption.sent(this.#sequence, frame)
    this.#sequence = (this.#sequence + 1) >>> 0
    if (hears) socket.send(frame)
  }

  #tellPlayer(message: SocketToPlayer, transfer: Transferable[] = []): void {
    this.#player?.postMessage(message, transfer)
  }
}
