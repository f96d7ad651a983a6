// PURE. What a user chose about sound, and what may be chosen.

export type SoundChoice = {
  /** Null: the system's default. */
  readonly microphoneId: string | null
  readonly speakerId: string | null
  /** 0 to 1. */
  readonly volume: number
  /** How long a silence ends the user's turn; null: as the service says. */
  readonly pauseMs: number | null
  /** What decides whether a sound is speech. */
  readonly detector: 'level' | 'network'
}

export const DEFAULT_SOUND: SoundChoice = { microphoneId: null, speakerId: null, volume: 1, pauseMs: null, detector: 'level' }

export type PauseBounds = { readonly leastMs: number; readonly mostMs: number; readonly stepMs: number }

const LEAST_PAUSE_MS = 400
const STEP_MS = 100

/** From a breath to just before the service would end the turn by itself. */
export function pauseBounds(watchdogMs: number): PauseBounds {
  const mostMs = Math.max(LEAST_PAUSE_MS, Math.floor((watchdogMs - STEP_MS) / STEP_MS) * STEP_MS)
  return { leastMs: LEAST_PAUSE_MS, mostMs, stepMs: STEP_MS }
}

export type Patience = { readonly silenceThresholdMs: number; readonly watchdogMs: number }

/** The pause that holds in a call: the user's within bounds, else the service's. */
export function pauseFor(pauseMs: number | null, { silenceThresholdMs, watchdogMs }: Patience): number {
  if (pauseMs === null) return silenceThresholdMs
  const { leastMs, mostMs } = pauseBounds(watchdogMs)
  return Math.min(mostMs, Math.max(leastMs, pauseMs))
}

/** What was stored, as far as it makes sense. */
export function parseSound(text: string): SoundChoice {
  const stored = parsed(text)
  const { microphoneId, speakerId, volume, pauseMs, detector } = stored
  return {
    microphoneId: typeof microphoneId === 'string' && microphoneId !== '' ? microphoneId : null,
    speakerId: typeof speakerId === 'string' && speakerId !== '' ? speakerId : null,
    volume: typeof volume === 'number' && volume >= 0 && volume <= 1 ? volume : DEFAULT_SOUND.volume,
    pauseMs: typeof pauseMs === 'number' && Number.isFinite(pauseMs) && pauseMs > 0 ? pauseMs : null,
    detector: detector === 'network' ? 'network' : 'level',
  }
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
  } catch {
    return {}
  }
}
