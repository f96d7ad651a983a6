// PURE. Short sounds for whoever does not look at the page: what a change of phase sounds like, if anything.

import type { Phase } from './call-state.ts'

export type Cue = 'yourTurn' | 'understood' | 'trouble' | 'over'

/** `null` before the first phase, and for changes that can be heard anyway. */
export function cueFor(before: Phase | null, after: Phase): Cue | null {
  if (before === null || before === after) return null
  switch (after) {
    case 'listening':
      return before === 'hearing' ? null : 'yourTurn'
    case 'thinking':
      return 'understood'
    case 'reconnecting':
    case 'failed':
      return 'trouble'
    case 'ended':
      return 'over'
    default:
      return null
  }
}

/** Notes one after the other, in hertz. Rising: go on. Falling: stop. One: heard. */
export const CUE_NOTES: Readonly<Record<Cue, readonly number[]>> = {
  yourTurn: [523.25, 783.99],
  understood: [659.25],
  trouble: [392, 311.13, 261.63],
  over: [659.25, 523.25],
}

/** Milliseconds of shaking and rest, for a phone. */
export const CUE_SHAKES: Readonly<Record<Cue, readonly number[]>> = {
  yourTurn: [30, 60, 30], understood: [20], trouble: [120, 80, 120], over: [60],
}
