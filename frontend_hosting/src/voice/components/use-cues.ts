import { useEffect, useRef } from 'react'

import { playNotes } from '../audio/notes.ts'
import { CUE_NOTES, CUE_SHAKES, type Cue, cueFor } from '../cues.ts'
import type { Phase } from '../call-state.ts'
import type { SoundChoice } from '../sound.ts'

/** Quieter than speech: it goes beside it. */
const LOUDNESS = 0.08

function play(cue: Cue, { volume, speakerId }: SoundChoice): void {
  void playNotes({ notesHz: CUE_NOTES[cue], loudness: LOUDNESS * volume, speakerId })
  // Phones with Android; the others have none and need none.
  if ('vibrate' in navigator) navigator.vibrate([...CUE_SHAKES[cue]])
}

/** What is going on, for whoever does not look: off until it is asked for. */
export function useCues(phase: Phase, wanted: boolean, sound: SoundChoice, sounds = play): void {
  const beforeRef = useRef<Phase | null>(null)
  const soundRef = useRef(sound)
  useEffect(() => {
    soundRef.current = sound
  }, [sound])
  useEffect(() => {
    const cue = cueFor(beforeRef.current, phase)
    beforeRef.current = phase
    if (cue && wanted) sounds(cue, soundRef.current)
  }, [phase, wanted, sounds])
}
