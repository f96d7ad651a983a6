// PURE. The way of a reply through the player, walked once before there is a call.
//
// An engine runs code slowly until it has seen it run. Without this it learns from the first frames of the first reply,
// on the thread that should be playing them.

import { decodeDownlinkFrame, HEADER_BYTES } from './frame.ts'
import { bufferConfig, JitterBuffer } from './jitter-buffer.ts'
import { toFloat } from './pcm.ts'
import { Resampler } from './resampler.ts'

/** Enough for the engine's first compilers, and some milliseconds of work while the call is still being set up. */
const FRAMES = 16
const FRAME_MS = 32
const BLOCK = 128
const DOWNLINK_HEADER = [1, 2] as const

/** Plays a made-up reply of silence into nothing; returns how many samples came out. */
export function warmUp(outputRateHz: number, replyRateHz: number): number {
  const buffer = new JitterBuffer({ ...bufferConfig(outputRateHz), capacity: outputRateHz })
  const resampler = outputRateHz === replyRateHz ? null : new Resampler(replyRateHz, outputRateHz)
  const frame = new ArrayBuffer(HEADER_BYTES + Math.round((replyRateHz * FRAME_MS) / 1000) * 2)
  new Uint8Array(frame).set(DOWNLINK_HEADER)
  const output = new Float32Array(BLOCK)
  for (let i = 0; i < FRAMES; i++) {
    const { responseId, pcm } = decodeDownlinkFrame(frame)
    const samples = toFloat(pcm)
    buffer.push(responseId, resampler?.process(samples) ?? samples)
  }
  buffer.end()
  let played = 0
  while (buffer.size > 0) {
    buffer.pull(output)
    played += BLOCK
  }
  return played
}
