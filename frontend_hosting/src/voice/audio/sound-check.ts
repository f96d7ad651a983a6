// Before a call, or beside it: is the microphone heard, does the loudspeaker sound?

import { openMicrophone } from './capture.ts'
import { playThrough } from './devices.ts'
import { rms } from './pcm.ts'

export type LevelTest = {
  /** 0 to 1, as of now. */
  readonly level: () => number
  readonly close: () => void
}

/** Raises MicrophoneError. */
export async function openLevelTest(microphoneId: string | null): Promise<LevelTest> {
  const context = new AudioContext()
  try {
    const stream = await openMicrophone(microphoneId)
    const analyser = new AnalyserNode(context, { fftSize: 1024 })
    context.createMediaStreamSource(stream).connect(analyser)
    await context.resume()
    const samples = new Float32Array(analyser.fftSize)
    return {
      level: () => {
        analyser.getFloatTimeDomainData(samples)
        return rms(samples)
      },
      close: () => {
        for (const track of stream.getTracks()) track.stop()
        void context.close()
      },
    }
  } catch (error) {
    void context.close()
    throw error
  }
}

const NOTES_HZ = [523.25, 659.25, 783.99] as const
const NOTE_S = 0.16

/** Three notes upwards. */
export async function playTestSound(speakerId: string | null, volume: number): Promise<void> {
  const context = new AudioContext()
  await playThrough(context, speakerId)
  await context.resume()
  const loudness = new GainNode(context, { gain: 0 })
  loudness.connect(context.destination)
  const startS = context.currentTime + 0.05
  NOTES_HZ.forEach((frequency, index) => {
    const atS = startS + index * NOTE_S
    const note = new OscillatorNode(context, { frequency })
    note.connect(loudness)
    note.start(atS)
    note.stop(atS + NOTE_S)
    loudness.gain.setValueAtTime(0, atS)
    loudness.gain.linearRampToValueAtTime(volume * 0.25, atS + 0.02)
    loudness.gain.linearRampToValueAtTime(0, atS + NOTE_S)
    if (index === NOTES_HZ.length - 1) note.onended = () => void context.close()
  })
}
