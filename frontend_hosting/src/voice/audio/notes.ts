// A few notes, one after the other: the test sound, and the cues.

import { playThrough } from './devices.ts'

const NOTE_S = 0.16
const RISE_S = 0.02

export type Notes = { readonly notesHz: readonly number[]; readonly loudness: number; readonly speakerId: string | null }

export async function playNotes({ notesHz, loudness, speakerId }: Notes): Promise<void> {
  const context = new AudioContext()
  await playThrough(context, speakerId)
  await context.resume()
  const gain = new GainNode(context, { gain: 0 })
  gain.connect(context.destination)
  const startS = context.currentTime + 0.05
  notesHz.forEach((frequency, index) => {
    const atS = startS + index * NOTE_S
    const note = new OscillatorNode(context, { frequency })
    note.connect(gain)
    note.start(atS)
    note.stop(atS + NOTE_S)
    gain.gain.setValueAtTime(0, atS)
    gain.gain.linearRampToValueAtTime(loudness, atS + RISE_S)
    gain.gain.linearRampToValueAtTime(0, atS + NOTE_S)
    if (index === notesHz.length - 1) note.onended = () => void context.close()
  })
}
