// PURE. Binary audio frames of subprotocol voice.v1: a 16-byte little-endian header, then s16le mono PCM.
//
//   to the service:  u8 version=1 | u8 type=1 | u16 flags (bit 0 endOfUtterance) | u32 sequence   | f64 capturedAtMs
//   to the page:     u8 version=1 | u8 type=2 | u16 flags (0)                    | u32 responseId | u64 position

export const HEADER_BYTES = 16

const VERSION = 1
const UPLINK = 1
const DOWNLINK = 2
const END_OF_UTTERANCE = 1

export type UplinkFrame = {
  readonly sequence: number
  /** Epoch milliseconds of the first sample. */
  readonly capturedAtMs: number
  readonly endOfUtterance: boolean
  readonly pcm: Int16Array
}

export type DownlinkFrame = {
  readonly responseId: number
  /** Index of the first sample within the reply, at the session's output rate. */
  readonly position: number
  readonly pcm: Int16Array<ArrayBuffer>
}

/** Raised when a frame cannot be read; the sentence names what is wrong with it. */
export class FrameError extends Error {}

export function encodeUplinkFrame(frame: UplinkFrame): ArrayBuffer {
  const buffer = new ArrayBuffer(HEADER_BYTES + frame.pcm.length * 2)
  const header = new DataView(buffer)
  header.setUint8(0, VERSION)
  header.setUint8(1, UPLINK)
  header.setUint16(2, frame.endOfUtterance ? END_OF_UTTERANCE : 0, true)
  header.setUint32(4, frame.sequence, true)
  header.setFloat64(8, frame.capturedAtMs, true)
  // Every platform a browser runs on is little-endian, so the samples can be copied as they are.
  new Int16Array(buffer, HEADER_BYTES).set(frame.pcm)
  return buffer
}

/** Number a frame in place: only who sends frames knows which of them were sent. */
export function numberUplinkFrame(frame: ArrayBuffer, sequence: number): void {
  new DataView(frame).setUint32(4, sequence, true)
}

export function decodeDownlinkFrame(buffer: ArrayBuffer): DownlinkFrame {
  if (buffer.byteLength < HEADER_BYTES) {
    throw new FrameError(`audio frame of ${buffer.byteLength} bytes is shorter than its header`)
  }
  const header = new DataView(buffer)
  const version = header.getUint8(0)
  if (version !== VERSION) throw new FrameError(`audio frame has version ${version}, not ${VERSION}`)
  const type = header.getUint8(1)
  if (type !== DOWNLINK) throw new FrameError(`audio frame has type ${type}, not ${DOWNLINK}`)
  const flags = header.getUint16(2, true)
  if (flags !== 0) throw new FrameError(`audio frame has unknown flag bits ${flags}`)
  if (buffer.byteLength % 2 !== 0) throw new FrameError('audio frame holds an odd number of PCM bytes')
  return {
    responseId: header.getUint32(4, true),
    position: Number(header.getBigUint64(8, true)),
    pcm: new Int16Array(buffer, HEADER_BYTES),
  }
}
