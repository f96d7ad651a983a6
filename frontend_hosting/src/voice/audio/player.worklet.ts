// Reply frames from the socket worker -> the loudspeaker; says what is heard, how loud, and how far each reply got.

import { BargeIn, bargeInConfig } from './barge-in.ts'
import { decodeDownlinkFrame } from './frame.ts'
import { type BufferEvent, bufferConfig, JitterBuffer } from './jitter-buffer.ts'
import type {
  CaptureToPlayer, PageToPlayer, PlayerToCapture, PlayerToPage, PlayerToSocket, SocketToPlayer,
} from './messages.ts'
import { toFloat } from './pcm.ts'
import { Resampler } from './resampler.ts'
import { warmUp } from './warm-up.ts'

const DEFAULT_RATE_HZ = 24_000
const BLOCKS_PER_LEVEL = 16
const REPORT_EVERY_MS = 500
/** The room goes on sounding for a moment after the loudspeaker has stopped. */
const ECHO_TAIL_MS = 250
/** A little over one step of 16-bit PCM: what is quieter is silence. */
const AUDIBLE = 1e-4

class PlayerProcessor extends AudioWorkletProcessor {
  readonly #buffer = new JitterBuffer(bufferConfig(sampleRate))
  readonly #bargeIn = new BargeIn(bargeInConfig(sampleRate))
  #resampler: Resampler | null = resamplerFrom(DEFAULT_RATE_HZ)
  #socket: MessagePort | null = null
  #capture: MessagePort | null = null
  #blocks = 0
  #energy = 0
  #energySamples = 0
  #audibleSamples = 0
  #sinceReport = 0
  #echoTail = 0
  #running = true

  constructor(options: AudioWorkletNodeOptions) {
    super(options)
    warmUp(sampleRate, DEFAULT_RATE_HZ)
    this.port.onmessage = ({ data }: MessageEvent<PageToPlayer>) => this.#obey(data)
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const channels = outputs[0] ?? []
    const output = channels[0]
    if (!output) return this.#running
    this.#bargeIn.advance(output.length)
    this.#applyHold()
    for (const event of this.#buffer.pull(output)) this.#announce(event)
    this.#measure(output)
    for (const channel of channels.slice(1)) channel.set(output)
    this.#report(output.length)
    return this.#running
  }

  #obey(command: PageToPlayer): void {
    switch (command.type) {
      case 'ports':
        this.#socket = command.socket
        this.#capture = command.capture
        command.capture.onmessage = ({ data }: MessageEvent<CaptureToPlayer>) => this.#hear(data)
        command.socket.onmessage = ({ data }: MessageEvent<SocketToPlayer>) => this.#receive(data)
        return
      case 'stop':
        this.#running = false
    }
  }

  /** From the capture worklet: the user speaks, or seems to. */
  #hear(message: CaptureToPlayer): void {
    const heard = this.#buffer.current !== null
    if (message.type === 'onset') this.#bargeIn.onset(heard)
    else this.#bargeIn.speech({ ...message, heard })
  }

  #applyHold(): void {
    const { holds } = this.#bargeIn
    const { current } = this.#buffer
    if (holds === this.#buffer.held) return
    if (holds) this.#buffer.hold()
    else this.#buffer.release()
    if (!current) return
    const positionMs = milliseconds(current.played)
    this.#tell({ type: 'held', held: holds, responseId: current.responseId, positionMs, atMs: Date.now() })
  }

  #receive(message: SocketToPlayer): void {
    switch (message.type) {
      case 'rate':
        this.#resampler = resamplerFrom(message.hz)
        return
      case 'audio': {
        const samples = toFloat(decodeDownlinkFrame(message.frame).pcm)
        this.#buffer.push(message.responseId, this.#resampler?.process(samples) ?? samples)
        return
      }
      case 'end':
        this.#buffer.end()
        return
      case 'flush':
        this.#bargeIn.flushed()
        for (const event of this.#buffer.flush(message.responseId)) this.#announce(event)
        this.#resampler?.reset()
    }
  }

  /** Count what can be heard. */
  #measure(output: Float32Array): void {
    for (let i = 0; i < output.length; i++) {
      const sample = output[i] ?? 0
      this.#energy += sample * sample
      if (sample > AUDIBLE || sample < -AUDIBLE) this.#audibleSamples++
    }
    this.#energySamples += output.length
  }

  #announce(event: BufferEvent): void {
    if (event.type === 'started') {
      this.#sinceReport = 0
      this.#setAudible(true)
      this.#tell({ type: 'started', responseId: event.responseId, atMs: Date.now() })
      return
    }
    const positionMs = milliseconds(event.played)
    this.#tellSocket({ type: 'played', responseId: event.responseId, positionMs })
    if (event.type === 'dry') return
    this.#tell({ type: 'stopped', responseId: event.responseId, positionMs, flushed: event.flushed })
    this.#echoTail = Math.round((sampleRate * ECHO_TAIL_MS) / 1000)
  }

  #report(samples: number): void {
    const { current } = this.#buffer
    this.#sinceReport += samples
    if (current && milliseconds(this.#sinceReport) >= REPORT_EVERY_MS) {
      this.#sinceReport = 0
      this.#tellSocket({ type: 'played', responseId: current.responseId, positionMs: milliseconds(current.played) })
    }
    if (this.#echoTail > 0 && !current) {
      this.#echoTail -= samples
      if (this.#echoTail <= 0) this.#setAudible(false)
    }
    this.#blocks++
    if (this.#blocks % BLOCKS_PER_LEVEL !== 0) return
    this.#tell({
      type: 'level',
      level: Math.sqrt(this.#energy / this.#energySamples),
      playout: current && {
        responseId: current.responseId,
        positionMs: milliseconds(current.played),
        arrivedMs: milliseconds(current.played + current.queued),
      },
      atMs: Date.now(),
      audibleSamples: this.#audibleSamples,
      underruns: this.#buffer.underruns,
      bufferedMs: milliseconds(this.#buffer.size),
    })
    this.#energy = 0
    this.#energySamples = 0
  }

  #setAudible(audible: boolean): void {
    this.#echoTail = 0
    const message: PlayerToCapture = { type: 'audible', audible }
    this.#capture?.postMessage(message)
  }

  #tell(event: PlayerToPage): void {
    this.port.postMessage(event)
  }

  #tellSocket(message: PlayerToSocket): void {
    this.#socket?.postMessage(message)
  }
}

function milliseconds(samples: number): number {
  return Math.round((samples * 1000) / sampleRate)
}

function resamplerFrom(rateHz: number): Resampler | null {
  return rateHz === sampleRate ? null : new Resampler(rateHz, sampleRate)
}

registerProcessor('player', PlayerProcessor)
