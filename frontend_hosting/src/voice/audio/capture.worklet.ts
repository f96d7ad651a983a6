// Microphone -> 16 kHz frames of 32 ms for the socket worker, and what the silence detector heard for the page.
//
// Frames never stop: a closed gate sends zeros, because the model's stream needs audio to stay alive.

import { encodeUplinkFrame } from './frame.ts'
import type { CaptureToPage, CaptureToPlayer, PageToCapture, PlayerToCapture } from './messages.ts'
import { OnsetTrigger } from './onset-trigger.ts'
import { rms, toPcm16 } from './pcm.ts'
import { Resampler } from './resampler.ts'
import { ECHO_GUARD, NO_GUARD, SilenceDetector } from './silence-detector.ts'

const RATE_HZ = 16_000
const FRAME_MS = 32
const FRAMES_PER_LEVEL = 2
/** While push-to-talk is held anything this loud counts as said, whatever the detector thinks. */
const HELD_SPEECH_DB = -50
/** Who has been quiet for this long no longer speaks over the reply, though the utterance has not ended yet. */
const NO_LONGER_OVER_MS = 600

class CaptureProcessor extends AudioWorkletProcessor {
  readonly #resampler = sampleRate === RATE_HZ ? null : new Resampler(sampleRate, RATE_HZ)
  readonly #detector = new SilenceDetector({ frameMs: FRAME_MS, sampleRateHz: RATE_HZ })
  readonly #frame = new Float32Array((RATE_HZ * FRAME_MS) / 1000)
  #filled = 0
  #frames = 0
  #gate: 'open' | 'held' | 'closed' = 'open'
  #silenceMs = this.#detector.config.silenceMs
  #heardWhileHeld = false
  #endOfUtterance = false
  #lastSpeechAtMs: number | null = null
  readonly #trigger = new OnsetTrigger({ sampleRateHz: RATE_HZ })
  #socket: MessagePort | null = null
  #player: MessagePort | null = null
  #audible = false
  #judge: MessagePort | null = null
  #echoCancelled = true
  /** What the player was told last. */
  #speechTold = false
  #running = true

  constructor(options: AudioWorkletNodeOptions) {
    super(options)
    this.port.onmessage = ({ data }: MessageEvent<PageToCapture>) => this.#obey(data)
  }

  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const input = inputs[0]?.[0] ?? silence(outputs)
    const samples = this.#resampler?.process(input) ?? input
    this.#watchForOnset(samples)
    for (let i = 0; i < samples.length; i++) {
      this.#frame[this.#filled] = this.#gate === 'closed' ? 0 : (samples[i] ?? 0)
      this.#filled++
      if (this.#filled === this.#frame.length) {
        this.#filled = 0
        this.#emit()
      }
    }
    return this.#running
  }

  #obey(command: PageToCapture): void {
    switch (command.type) {
      case 'ports':
        this.#socket = command.socket
        this.#player = command.player
        command.player.onmessage = ({ data }: MessageEvent<PlayerToCapture>) => {
          this.#audible = data.audible
          this.#detector.guard = data.audible ? ECHO_GUARD : NO_GUARD
          // The reply is audible, so the utterance is over: what follows must be loud enough to pass the guard.
          if (data.audible) this.#forgetUtterance()
        }
        return
      case 'gate':
        this.#setGate(command.gate)
        return
      case 'utteranceClosed':
        this.#forgetUtterance()
        return
      case 'echo':
        this.#echoCancelled = command.cancelled
        return
      case 'silence':
        this.#silenceMs = command.thresholdMs
        this.#applySilence()
        return
      case 'judge':
        this.#setJudge(command.port)
        return
      case 'stop':
        this.#running = false
    }
  }

  #setJudge(judge: MessagePort | null): void {
    this.#judge?.close()
    this.#judge = judge
    this.#detector.probability = null
    if (!judge) return
    judge.onmessage = ({ data }: MessageEvent<number>) => {
      if (judge === this.#judge) this.#detector.probability = data
    }
  }

  #setGate(gate: 'open' | 'held' | 'closed'): void {
    if (gate === this.#gate) return
    const said = this.#gate === 'held' ? this.#heardWhileHeld : this.#detector.speaking
    if (gate === 'closed' && said) this.#end((this.#detector.speaking ? this.#lastSpeechAtMs : null) ?? Date.now())
    this.#gate = gate
    this.#heardWhileHeld = false
    this.#forgetUtterance()
    this.#applySilence()
    // Whoever takes the word by pressing a button has taken it, before saying anything.
    if (gate === 'held') this.#tellPlayer(true)
  }

  #forgetUtterance(): void {
    this.#detector.reset()
    this.#tellPlayer(false)
  }

  /** Straight to the player: the page may be busy, and this must not wait for it. */
  #watchForOnset(samples: Float32Array): void {
    if (this.#gate !== 'open' || !this.#echoCancelled) return
    if (!this.#trigger.process(samples, this.#audible) || this.#detector.speaking) return
    const onset: CaptureToPlayer = { type: 'onset' }
    this.#player?.postMessage(onset)
  }

  #tellPlayer(speaking: boolean): void {
    if (speaking === this.#speechTold) return
    this.#speechTold = speaking
    const speech: CaptureToPlayer = { type: 'speech', speaking, pressed: this.#gate === 'held' }
    this.#player?.postMessage(speech)
  }

  #applySilence(): void {
    this.#detector.silenceMs = this.#gate === 'held' ? Number.POSITIVE_INFINITY : this.#silenceMs
  }

  #end(atMs: number): void {
    this.#endOfUtterance = true
    this.#tell({ type: 'speechEnded', atMs })
  }

  #emit(): void {
    const now = Date.now()
    // A closed gate is not measured: its zeros would make every room sound loud once it opens.
    if (this.#gate !== 'closed') this.#detect(now)
    const frame = encodeUplinkFrame({
      sequence: 0,
      capturedAtMs: now - FRAME_MS,
      endOfUtterance: this.#endOfUtterance,
      pcm: toPcm16(this.#frame),
    })
    this.#endOfUtterance = false
    this.#socket?.postMessage(frame, [frame])
    this.#frames++
    if (this.#frames % FRAMES_PER_LEVEL === 0) {
      this.#tell({ type: 'level', level: rms(this.#frame), lastSpeechAtMs: this.#lastSpeechAtMs })
    }
  }

  #detect(now: number): void {
    // Its verdict comes a millisecond later and counts for the next frame.
    this.#judge?.postMessage(this.#frame)
    const event = this.#detector.process(this.#frame)
    this.#trigger.floorDb = this.#detector.floorDb
    if (this.#gate === 'held' && this.#detector.levelDb > HELD_SPEECH_DB) this.#heardWhileHeld = true
    if (this.#detector.speaking) this.#lastSpeechAtMs = now - this.#detector.framesSinceSpeech * FRAME_MS
    if (this.#gate === 'open') {
      this.#tellPlayer(this.#detector.speaking && this.#detector.framesSinceSpeech * FRAME_MS < NO_LONGER_OVER_MS)
    }
    if (event === 'speechStarted') {
      this.#trigger.confirm()
      this.#tell({ type: 'speechStarted', atMs: now })
    } else if (event === 'speechEnded') this.#end(this.#lastSpeechAtMs ?? now)
    else if (event === 'speechAbandoned') this.#tell({ type: 'speechAbandoned' })
  }

  #tell(event: CaptureToPage): void {
    this.port.postMessage(event)
  }
}

/** Without a microphone (typing only) the input has no channel; time goes on. */
function silence(outputs: Float32Array[][]): Float32Array {
  return new Float32Array(outputs[0]?.[0]?.length ?? 128)
}

registerProcessor('capture', CaptureProcessor)
