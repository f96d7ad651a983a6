// PURE. When something was, as people say it: today, yesterday, else by its date; and the time of day.

const DAY_MS = 86_400_000

export type Day<T> = { readonly name: string; readonly entries: readonly T[] }

const midnight = (ms: number): number => new Date(ms).setHours(0, 0, 0, 0)

export function dayName(ms: number, nowMs: number, locale: string): string {
  // Days of 23 and 25 hours count as one.
  const ago = Math.round((midnight(nowMs) - midnight(ms)) / DAY_MS)
  const name = ago === 0 || ago === 1
    ? new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(-ago, 'day')
    : new Intl.DateTimeFormat(locale, { dateStyle: 'long' }).format(ms)
  return name.charAt(0).toLocaleUpperCase(locale) + name.slice(1)
}

export const timeOfDay = (ms: number, locale: string): string => new Intl.DateTimeFormat(locale, { timeStyle: 'short' }).format(ms)

/** In the order in which they came; the same day is one heading. */
export function byDay<T>(entries: readonly T[], atMs: (entry: T) => number, nowMs: number, locale: string): readonly Day<T>[] {
  const days: { name: string; entries: T[] }[] = []
  for (const entry of entries) {
    const name = dayName(atMs(entry), nowMs, locale)
    const last = days.at(-1)
    if (last?.name === name) last.entries.push(entry)
    else days.push({ name, entries: [entry] })
  }
  return days
}
