import { describe, expect, it } from 'vitest'

import { encodeUplinkFrame } from './audio/frame.ts'
import type { SocketToPage, SocketToPlayer } from './audio/messages.ts'
import { bytesOf, golden } from './golden.ts'
import { SocketRelay } from './socket-relay.ts'

const READY = JSON.stringify(golden.serverToClient.find(({ fields }) => fields.type === 'ready')?.wire)

/** A browser's socket, as far as the relay knows one. */
class FakeSocket {
  readyState = 1
  bufferedAmount = 0
  binaryType = ''
  readonly sent: (string | ArrayBuffer)[] = []
  readonly closed: (number | undefined)[] = []
  onopen: () => void = () => undefined
  onmessage: (event: { readonly data: string | ArrayBuffer }) => void = () => undefined
  onclose: (event: { readonly code: number; readonly reason: string }) => void = () => undefined

  send(data: string | ArrayBuffer): void {
    this.sent.push(typeof data === 'string' ? data : data.slice(0))
  }

  close(code?: number): void {
    this.closed.push(code)
  }

  get messages(): unknown[] {
    return this.sent.filter((data) => typeof data === 'string').map((data) => JSON.parse(data))
  }

  get sequences(): number[] {
    return this.sent.filter((data) => data instanceof ArrayBuffer).map((data) => new DataView(data).getUint32(4, true))
  }
}

function wired() {
  const told: SocketToPage[] = []
  const played: SocketToPlayer[] = []
  const sockets: FakeSocket[] = []
  const clock = { now: 0 }
  const relay = new SocketRelay({
    tell: (event) => told.push(event),
    connect: () => {
      const socket = new FakeSocket()
      sockets.push(socket)
      // Of a WebSocket the relay uses only what the fake has.
      return socket as unknown as WebSocket
    },
    now: () => clock.now,
    epochMs: () => 1_000_000 + clock.now,
  })
  // Ports are only assigned to and posted to.
  const capture = {} as MessagePort
  const player = { postMessage: (message: SocketToPlayer) => played.push(message) } as unknown as MessagePort
  relay.obey({ type: 'ports', capture, player })
  const open = (): FakeSocket => {
    relay.obey({ type: 'open', url: 'ws://x/ws', protocols: ['voice.v1'] })
    const socket = sockets.at(-1) ?? expect.fail('no socket')
    socket.onopen()
    return socket
  }
  const speak = (): void => {
    const data = encodeUplinkFrame({ sequence: 0, capturedAtMs: 1, endOfUtterance: false, pcm: new Int16Array(4) })
    capture.onmessage?.({ data } as MessageEvent)
  }
  return { relay, told, played, clock, open, speak, player }
}

/** A frame of this response. */
function reply(responseId: number): ArrayBuffer {
  const frame = bytesOf('010200000000000000000000000000000100')
  new DataView(frame).setUint32(4, responseId, true)
  return frame
}
const state = (name: string): string => `{"type":"state","seq":2,"state":"${name}"}`
const interrupted = (responseId: number): string => `{"type":"interrupted","seq":3,"responseId":${responseId},"cause":"speech"}`

describe('audio to the service', () => {
  it('flows from `ready` on, numbered without gaps', () => {
    const { open, speak } = wired()
    const socket = open()
    speak()
    socket.onmessage({ data: READY })
    speak()
    speak()
    expect(socket.sequences).toEqual([0, 1])
  })

  it('is dropped rather than piled up, and what was dropped has no number', () => {
    const { open, speak } = wired()
    const socket = open()
    socket.onmessage({ data: READY })
    speak()
    socket.bufferedAmount = 64_001
    speak()
    socket.bufferedAmount = 0
    speak()
    expect(socket.sequences).toEqual([0, 1])
  })

  it('starts over with each session', () => {
    const { open, speak } = wired()
    const first = open()
    first.onmessage({ data: READY })
    speak()
    first.onclose({ code: 1006, reason: '' })
    speak()
    const second = open()
    second.onmessage({ data: READY })
    speak()
    expect([first.sequences, second.sequences]).toEqual([[0], [0]])
  })
})

describe('audio of the service', () => {
  it('goes to the player, and not a frame of what was interrupted after it', () => {
    const { open, played } = wired()
    const socket = open()
    socket.onmessage({ data: READY })
    for (const data of [reply(1), interrupted(1), reply(1), reply(2)]) socket.onmessage({ data })
    expect(played).toMatchObject([
      { type: 'rate', hz: 24000 },
      { type: 'audio', responseId: 1 },
      { type: 'flush', responseId: 1 },
      { type: 'audio', responseId: 2 },
    ])
  })

  it('falls silent at the user’s own word, before the service has answered', () => {
    const { open, played, relay } = wired()
    const socket = open()
    for (const data of [READY, reply(4)]) socket.onmessage({ data })
    relay.obey({ type: 'send', message: { type: 'interrupt' } })
    socket.onmessage({ data: reply(4) })
    expect(played.slice(-2)).toMatchObject([{ type: 'audio', responseId: 4 }, { type: 'flush', responseId: 4 }])
    expect(socket.messages.at(-1)).toEqual({ type: 'interrupt' })
  })

  it('of a new session is heard although its numbers start over', () => {
    const { open, played } = wired()
    const first = open()
    for (const data of [READY, reply(7), interrupted(7)]) first.onmessage({ data })
    first.onclose({ code: 1006, reason: '' })
    open().onmessage({ data: reply(1) })
    expect(played.at(-1)).toMatchObject({ type: 'audio', responseId: 1 })
  })

  it('stops with the line', () => {
    const { open, played } = wired()
    const socket = open()
    for (const data of [READY, reply(1)]) socket.onmessage({ data })
    socket.onclose({ code: 1006, reason: '' })
    expect(played.at(-1)).toEqual({ type: 'flush', responseId: 0xffff_ffff })
  })

  it('has an end, which lets a short reply be heard', () => {
    const { open, played } = wired()
    const socket = open()
    for (const data of [READY, state('speaking'), reply(1), state('listening')]) socket.onmessage({ data })
    expect(played.map(({ type }) => type)).toEqual(['rate', 'audio', 'end'])
  })
})

describe('the heartbeat', () => {
  it('measures the way there and back', () => {
    const { open, clock, told } = wired()
    const socket = open()
    socket.onmessage({ data: READY })
    clock.now = 42
    socket.onmessage({ data: '{"type":"pong","seq":2,"id":1}' })
    expect(socket.messages).toEqual([{ type: 'ping', id: 1 }])
    expect(told.at(-1)).toEqual({ type: 'roundTrip', ms: 42 })
  })

  it('notices a service that is gone, once, and does not wait for it', () => {
    const { open, clock, told, relay } = wired()
    const socket = open()
    socket.onmessage({ data: READY })
    clock.now = 5000
    relay.tick()
    relay.tick()
    socket.onclose({ code: 1006, reason: '' })
    expect(told.filter(({ type }) => type === 'closed')).toMatchObject([{ code: 4000, opened: true }])
    expect(socket.closed).toEqual([4000])
  })

  it('is silent before `ready`', () => {
    const { open, clock, relay } = wired()
    const socket = open()
    clock.now = 60_000
    relay.tick()
    expect(socket.sent).toEqual([])
  })
})

it.each([['text', '{"type":"pong"}'], ['binary', bytesOf('0202')]])('a service that breaks the protocol (%s) is left, and the reason said', (_kind, data) => {
  const { open, told } = wired()
  const socket = open()
  socket.onmessage({ data: READY })
  socket.onmessage({ data })
  expect(told.at(-1)).toMatchObject({ type: 'closed', code: 4400 })
  expect(socket.closed).toEqual([4400])
})

it('what the player reports is passed on', () => {
  const { open, player } = wired()
  const socket = open()
  socket.onmessage({ data: READY })
  player.onmessage?.({ data: { type: 'played', responseId: 2, positionMs: 480 } } as MessageEvent)
  expect(socket.messages.at(-1)).toEqual({ type: 'played', responseId: 2, positionMs: 480 })
})

it('messages of a socket that was left behind are not heard', () => {
  const { open, told } = wired()
  const first = open()
  first.onclose({ code: 1006, reason: '' })
  open()
  const before = told.length
  first.onmessage({ data: READY })
  expect(told.length).toBe(before)
})

it('a sentence says how much of its reply’s sound came before it', () => {
  const { told, open } = wired()
  const socket = open()
  socket.onmessage({ data: READY })
  const sentence = (responseId: number): string =>
    JSON.stringify({ type: 'transcript', seq: 2, turn: 1, role: 'assistant', stage: 'planned', text: 'Hi.', responseId })
  const sound = (responseId: number, position: number, samples: number): ArrayBuffer => {
    const frame = new ArrayBuffer(16 + samples * 2)
    const header = new DataView(frame)
    header.setUint8(0, 1)
    header.setUint8(1, 2)
    header.setUint32(4, responseId, true)
    header.setBigUint64(8, BigInt(position), true)
    return frame
  }
  socket.onmessage({ data: sentence(1) })
  socket.onmessage({ data: sound(1, 0, 480) })
  socket.onmessage({ data: sound(1, 480, 480) })
  socket.onmessage({ data: sentence(1) })
  socket.onmessage({ data: sentence(2) })
  const sentences = told.filter((event) => event.type === 'message' && event.message.type === 'transcript')
  expect(sentences.map((event) => (event.type === 'message' ? event.audioMs : -1))).toEqual([0, 40, 0])
})
