// The way of sound through the page: microphone -> capture worklet -> socket worker -> player worklet -> loudspeaker.
// Audio passes from port to port; the page only hears events and levels.

import { createCapture, openMicrophone } from './capture.ts'
import type { CaptureToPage, PlayerToPage } from './messages.ts'
import { createPlayer } from './player.ts'

export type AudioPath = {
  /** The two ends that belong to the socket worker. */
  readonly socketPorts: { readonly capture: MessagePort; readonly player: MessagePort }
  /** From a sample leaving the player to it being heard. */
  readonly outputLatencyMs: () => number
  readonly setGate: (gate: 'open' | 'held' | 'closed') => void
  readonly setSilenceThreshold: (thresholdMs: number) => void
  readonly utteranceClosed: () => void
  readonly duck: (ducked: boolean) => void
  readonly resume: () => void
  readonly close: () => void
}

export type AudioListener = {
  /** The user has answered the browser's question, or none was asked. */
  readonly onMicrophoneOpened: () => void
  readonly onCapture: (event: CaptureToPage) => void
  readonly onPlayer: (event: PlayerToPage) => void
  readonly onMicrophoneLost: () => void
}

export type OpenAudio = (options: { readonly microphone: boolean }, listener: AudioListener) => Promise<AudioPath>

/** Raises MicrophoneError when the microphone cannot be had; whatever was opened by then is closed again. */
export const openAudio: OpenAudio = async ({ microphone }, listener) => {
  // Made before the first await: only so does the click that started the call let it sound.
  const context = new AudioContext({ latencyHint: 'interactive' })
  let stream: MediaStream | null = null
  try {
    stream = microphone ? await openMicrophone() : null
    listener.onMicrophoneOpened()
    return await join(context, stream, listener)
  } catch (error) {
    stopTracks(stream)
    void context.close()
    throw error
  }
}

async function join(context: AudioContext, stream: MediaStream | null, listener: AudioListener): Promise<AudioPath> {
  const [capture, player] = await Promise.all([
    createCapture(context, stream, listener.onCapture),
    createPlayer(context, listener.onPlayer),
  ])
  await context.resume()
  const uplink = new MessageChannel()
  const downlink = new MessageChannel()
  const guard = new MessageChannel()
  capture.send({ type: 'gate', gate: 'closed' })
  capture.send({ type: 'ports', socket: uplink.port1, player: guard.port1 }, [uplink.port1, guard.port1])
  player.send({ type: 'ports', socket: downlink.port1, capture: guard.port2 }, [downlink.port1, guard.port2])
  // `ended` comes only when the device goes away, not when we stop the track ourselves.
  for (const track of stream?.getAudioTracks() ?? []) track.addEventListener('ended', listener.onMicrophoneLost)
  return {
    socketPorts: { capture: uplink.port2, player: downlink.port2 },
    // Not there in Safari, whatever the DOM's types say.
    outputLatencyMs: () => ((context.outputLatency as number | undefined) ?? 0) * 1000,
    setGate: (gate) => capture.send({ type: 'gate', gate }),
    setSilenceThreshold: (thresholdMs) => capture.send({ type: 'silence', thresholdMs }),
    utteranceClosed: () => capture.send({ type: 'utteranceClosed' }),
    duck: (ducked) => player.send({ type: 'duck', ducked }),
    resume: () => void context.resume(),
    close: () => {
      capture.send({ type: 'stop' })
      player.send({ type: 'stop' })
      stopTracks(stream)
      void context.close()
    },
  }
}

function stopTracks(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop()
}

