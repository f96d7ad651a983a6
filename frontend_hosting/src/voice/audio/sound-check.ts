// Before a call, or beside it: is the microphone heard, does the loudspeaker sound?

import { openMicrophone } from './capture.ts'
import { playNotes } from './notes.ts'
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

const TEST_NOTES_HZ = [523.25, 659.25, 783.99] as const

/** Three notes upwards. */
export function playTestSound(speakerId: string | null, volume: number): Promise<void> {
  return playNotes({ notesHz: TEST_NOTES_HZ, loudness: volume * 0.25, speakerId })
}
