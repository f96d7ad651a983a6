// What is measured while one talks, for whoever draws it.

import type { PlayerToPage } from './audio/messages.ts'

/** Read by whoever draws; changed in place, some thirty times a second, so that drawing costs React nothing. */
export type Meters = {
  /** 0 to 1. */
  microphone: number
  assistant: number
  /** Samples heard since the page was loaded that were not silence. */
  playedSamples: number
  /** How often playback ran dry in this call. */
  underruns: number
  /** From the player to the ear. */
  outputLatencyMs: number
  /** What is being heard and how far it had got at `atMs`; null while nothing is, or while it is held. */
  playout: { readonly responseId: number; readonly positionMs: number; readonly arrivedMs: number; readonly atMs: number } | null
}

type PlayerLevel = Extract<PlayerToPage, { readonly type: 'level' }>

export function noMeters(): Meters {
  return { microphone: 0, assistant: 0, playedSamples: 0, underruns: 0, outputLatencyMs: 0, playout: null }
}

/** `playedBefore`: samples of earlier calls, each of which had a player of its own. */
export function readPlayer(
  meters: Meters, level: PlayerLevel, playedBefore: number, outputLatencyMs: number,
): void {
  meters.assistant = level.level
  meters.playedSamples = playedBefore + level.audibleSamples
  meters.underruns = level.underruns
  meters.outputLatencyMs = outputLatencyMs
  meters.playout = level.playout && { ...level.playout, atMs: level.atMs }
}

/** Nobody is heard any more; what was counted stays. */
export function fallSilent(meters: Meters): void {
  meters.microphone = 0
  meters.assistant = 0
  meters.playout = null
}
