// What goes over the page's WebSocket, read off the line on its way, with the time at which it passed.

import type { Line } from './line.ts'

const BINARY = 2
const TEXT = 1
const RESPONSE_AT = 4
const HEAD_END = '\r\n\r\n'

/** Per reply, in epoch milliseconds: when its first frame passed, and when the page says that its first sample left the player. */
export type Reply = { readonly cameAtMs: number; readonly leftAtMs: number }

export class Frames {
  readonly #came = new Map<number, number>()
  readonly #left = new Map<number, number>()

  constructor(line: Line) {
    line.watch(() => ({
      fromService: reader((opcode, payload) => {
        if (opcode !== BINARY) return
        const id = payload.readUInt32LE(RESPONSE_AT)
        if (!this.#came.has(id)) this.#came.set(id, Date.now())
      }),
      fromPage: reader((opcode, payload) => {
        if (opcode !== TEXT || !payload.includes('"timings"')) return
        const { responseId, bufferedAtMs } = JSON.parse(payload.toString()) as { readonly responseId: number; readonly bufferedAtMs: number }
        this.#left.set(responseId, bufferedAtMs)
      }),
    }))
  }

  get replies(): readonly Reply[] {
    return [...this.#left].flatMap(([id, leftAtMs]) => {
      const cameAtMs = this.#came.get(id)
      return cameAtMs === undefined ? [] : [{ cameAtMs, leftAtMs }]
    })
  }
}

/** RFC 6455, as far as these two send it: whole messages, masked or not. Nothing is read of a connection that is no WebSocket. */
function reader(onFrame: (opcode: number, payload: Buffer) => void): (chunk: Buffer) => void {
  let kept: Buffer = Buffer.alloc(0)
  let head: 'expected' | 'read' | 'other' = 'expected'
  return (chunk) => {
    if (head === 'other') return
    kept = Buffer.concat([kept, chunk])
    if (head === 'expected') {
      const end = kept.indexOf(HEAD_END)
      if (end === -1) return
      head = /^upgrade: *websocket/imu.test(kept.toString('latin1', 0, end)) ? 'read' : 'other'
      kept = kept.subarray(end + HEAD_END.length)
    }
    for (let frame = frameOf(kept); frame !== null; frame = frameOf(kept)) {
      kept = kept.subarray(frame.bytes)
      onFrame(frame.opcode, frame.payload)
    }
  }
}

function frameOf(bytes: Buffer): { readonly opcode: number; readonly payload: Buffer; readonly bytes: number } | null {
  if (bytes.length < 2) return null
  const masked = (bytes.readUInt8(1) & 0x80) !== 0
  const short = bytes.readUInt8(1) & 0x7f
  const sizeAt = short === 127 ? 10 : short === 126 ? 4 : 2
  const from = sizeAt + (masked ? 4 : 0)
  if (bytes.length < from) return null
  const size = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short
  if (bytes.length < from + size) return null
  const payload = Buffer.from(bytes.subarray(from, from + size))
  if (masked) for (let i = 0; i < size; i++) payload[i] = (payload[i] ?? 0) ^ (bytes[sizeAt + (i % 4)] ?? 0)
  return { opcode: bytes.readUInt8(0) & 0x0f, payload, bytes: from + size }
}
