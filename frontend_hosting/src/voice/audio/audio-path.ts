// The way of sound through the page: microphone -> capture worklet -> socket worker -> player worklet -> loudspeaker.
// Audio passes from port to port; the page only hears events and levels.

import { type Capture, createCapture, describe, openMicrophone } from './capture.ts'
import type { OpenMicrophone } from './device-choice.ts'
import { playThrough } from './devices.ts'
import type { CaptureToPage, PlayerToPage } from './messages.ts'
import { createPlayer } from './player.ts'
import { createSpeechJudge, type SpeechJudge } from './speech-judge.ts'

export type AudioPath = {
  /** The two ends that belong to the socket worker. */
  readonly socketPorts: { readonly capture: MessagePort; readonly player: MessagePort }
  /** From a sample leaving the player to it being heard. */
  readonly outputLatencyMs: () => number
  readonly setGate: (gate: 'open' | 'held' | 'closed') => void
  readonly setSilenceThreshold: (thresholdMs: number) => void
  readonly utteranceClosed: () => void
  /** Opens this microphone (null: the system's) and only then lets go of the old one; raises MicrophoneError. */
  readonly useMicrophone: (id: string | null) => Promise<void>
  /** False if that loudspeaker cannot be had; the old one goes on. */
  readonly useSpeaker: (id: string | null) => Promise<boolean>
  readonly setVolume: (volume: number) => void
  /** Rejects when the network cannot be fetched; the level goes on deciding. */
  readonly useDetector: (detector: Detector) => Promise<void>
  readonly resume: () => void
  readonly close: () => void
}

export type AudioListener = {
  /** The user has answered the browser's question, or none was asked. */
  readonly onMicrophoneOpened: () => void
  readonly onMicrophone: (open: OpenMicrophone) => void
  readonly onMicrophoneLost: () => void
  readonly onCapture: (event: CaptureToPage) => void
  readonly onPlayer: (event: PlayerToPage) => void
  /** The browser stops the sound of a page when it sees fit, and lets it go on. */
  readonly onSuspended: (suspended: boolean) => void
}

export type AudioOptions = {
  readonly microphone: boolean
  readonly microphoneId: string | null
  readonly speakerId: string | null
  readonly volume: number
}

/** What decides whether a sound is speech. */
export type Detector = 'level' | 'network'

export type OpenAudio = (options: AudioOptions, listener: AudioListener) => Promise<AudioPath>

const VOLUME_RAMP_S = 0.02

/** Raises MicrophoneError when the microphone cannot be had; whatever was opened by then is closed again. */
export const openAudio: OpenAudio = async (options, listener) => {
  // Made before the first await: only so does the click that started the call let it sound.
  const context = new AudioContext({ latencyHint: 'interactive' })
  let stream: MediaStream | null = null
  try {
    stream = options.microphone ? await openMicrophone(options.microphoneId) : null
    listener.onMicrophoneOpened()
    return await join(context, stream, options, listener)
  } catch (error) {
    stopTracks(stream)
    void context.close()
    throw error
  }
}

async function join(
  context: AudioContext,
  stream: MediaStream | null,
  { speakerId, volume }: AudioOptions,
  listener: AudioListener,
): Promise<AudioPath> {
  const loudness = new GainNode(context, { gain: volume })
  loudness.connect(context.destination)
  const [capture, player] = await Promise.all([
    createCapture(context, listener.onCapture),
    createPlayer(context, listener.onPlayer),
    speakerId === null ? null : playThrough(context, speakerId),
  ])
  player.node.connect(loudness)
  await context.resume()
  const uplink = new MessageChannel()
  const downlink = new MessageChannel()
  const guard = new MessageChannel()
  capture.send({ type: 'gate', gate: 'closed' })
  capture.send({ type: 'ports', socket: uplink.port1, player: guard.port1 }, [uplink.port1, guard.port1])
  player.send({ type: 'ports', socket: downlink.port1, capture: guard.port2 }, [downlink.port1, guard.port2])
  const ear = new Ear(capture, listener)
  if (stream) ear.take(stream)
  const judges = new Judges(capture)
  let over = false
  context.onstatechange = () => {
    if (!over) listener.onSuspended(context.state !== 'running')
  }
  return {
    socketPorts: { capture: uplink.port2, player: downlink.port2 },
    // Not there in Safari, whatever the DOM's types say.
    outputLatencyMs: () => ((context.outputLatency as number | undefined) ?? 0) * 1000,
    setGate: (gate) => capture.send({ type: 'gate', gate }),
    setSilenceThreshold: (thresholdMs) => capture.send({ type: 'silence', thresholdMs }),
    utteranceClosed: () => capture.send({ type: 'utteranceClosed' }),
    useMicrophone: async (id) => {
      const next = await openMicrophone(id)
      if (over) stopTracks(next)
      else ear.take(next)
    },
    useSpeaker: (id) => playThrough(context, id),
    setVolume: (next) => loudness.gain.setTargetAtTime(next, context.currentTime, VOLUME_RAMP_S),
    useDetector: (detector) => judges.use(detector),
    // A browser that wants a click first refuses; the notice with its button stays until it sounds.
    resume: () => void context.resume().catch(() => undefined),
    close: () => {
      over = true
      capture.send({ type: 'stop' })
      player.send({ type: 'stop' })
      ear.close()
      judges.close()
      void context.close()
    },
  }
}

/** One judge at most, and only while it is wanted. */
class Judges {
  readonly #capture: Capture
  #judge: SpeechJudge | null = null
  #wanted: Detector = 'level'

  constructor(capture: Capture) {
    this.#capture = capture
  }

  async use(detector: Detector): Promise<void> {
    this.#wanted = detector
    if (detector === 'level') {
      this.#dismiss()
      this.#capture.send({ type: 'judge', port: null })
      return
    }
    const judge = await createSpeechJudge()
    if (this.#wanted === 'level') {
      judge.close()
      return
    }
    this.#dismiss()
    this.#judge = judge
    this.#capture.send({ type: 'judge', port: judge.port }, [judge.port])
  }

  close(): void {
    this.#wanted = 'level'
    this.#dismiss()
  }

  #dismiss(): void {
    this.#judge?.close()
    this.#judge = null
  }
}

/** One microphone at a time. */
class Ear {
  readonly #capture: Capture
  readonly #listener: AudioListener
  #stream: MediaStream | null = null

  constructor(capture: Capture, listener: AudioListener) {
    this.#capture = capture
    this.#listener = listener
  }

  take(stream: MediaStream): void {
    this.#capture.listenTo(stream)
    stopTracks(this.#stream)
    this.#stream = stream
    const open = describe(stream)
    this.#capture.send({ type: 'echo', cancelled: open.echoCancelled })
    this.#listener.onMicrophone(open)
    // `ended` comes only when the device goes away, not when we stop the track ourselves.
    for (const track of stream.getAudioTracks()) {
      track.addEventListener('ended', () => {
        if (this.#stream === stream) this.#listener.onMicrophoneLost()
      })
    }
  }

  close(): void {
    stopTracks(this.#stream)
    this.#stream = null
  }
}

function stopTracks(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop()
}
