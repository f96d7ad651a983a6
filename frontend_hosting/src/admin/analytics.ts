// PURE. The dashboard's figures, as the service sends them; what is not there is nothing.

export type Spans = { readonly p50: number | null; readonly p95: number | null; readonly p99: number | null }

export type Period = {
  readonly period: string
  readonly sessions: number
  readonly minutes: number
  readonly turns: number
  readonly completed: number
  readonly interrupted: number
  readonly unanswered: number
  readonly failed: number
  readonly completionPercent: number | null
  readonly firstAudioMs: Spans
  readonly heardMs: Spans
  readonly languages: Readonly<Record<string, number>>
  readonly errors: Readonly<Record<string, number>>
  readonly costUsd: number
}

export type Analytics = {
  readonly liveSessions: number
  readonly places: number
  readonly total: Period
  readonly days: readonly Period[]
  readonly hours: readonly Period[]
}

export type Recording = { readonly sessionId: string; readonly beganAtMs: number; readonly truncated: boolean }

export type Answer<T> = { readonly status: 'loaded'; readonly value: T } | { readonly status: 'forbidden' } | { readonly status: 'unavailable' }

/** Hours without anything are shown as such: 48 of them, the newest last. */
export function hoursOf(hours: readonly Period[], nowMs: number): readonly { readonly hour: string; readonly turns: number }[] {
  const turns = new Map(hours.map(({ period, turns: count }) => [period, count]))
  return Array.from({ length: 48 }, (_, back) => {
    const hour = new Date(nowMs - (47 - back) * 3_600_000).toISOString().slice(0, 13)
    return { hour, turns: turns.get(hour) ?? 0 }
  })
}
