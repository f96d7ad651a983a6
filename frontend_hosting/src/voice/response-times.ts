// PURE. How fast the answers were.

import type { ResponseTime, Stages } from './thread.ts'

export type Summary = { readonly lastMs: number; readonly medianMs: number; readonly p95Ms: number; readonly stages: Stages }

/** Null while no answer has been timed. */
export function summaryOf(times: readonly ResponseTime[]): Summary | null {
  const last = times.at(-1)
  if (!last) return null
  const sorted = times.map(({ ms }) => ms).toSorted((a, b) => a - b)
  return { lastMs: last.ms, medianMs: quantile(sorted, 0.5), p95Ms: quantile(sorted, 0.95), stages: last.stages }
}

/** The nearest rank, so that it is a time that really was. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
}
