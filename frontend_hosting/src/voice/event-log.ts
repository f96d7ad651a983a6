// PURE. What happened in a call, for whoever develops with it: bounded, newest last, without secrets.

export type EventSource = 'page' | 'service' | 'sound'

export type LoggedEvent = {
  /** Counts from 1 and never starts over, so that a gap shows what was dropped. */
  readonly id: number
  readonly atMs: number
  readonly source: EventSource
  readonly name: string
  /** The event's fields as JSON. */
  readonly detail: string
}

export const MOST_EVENTS = 500
const MOST_CHARS = 2000
/** Whoever has one of these can act as the user; a log that is copied into a ticket must not hold them. */
const SECRETS: ReadonlySet<string> = new Set(['ticket', 'resumeToken'])

export class EventLog {
  #events: readonly LoggedEvent[] = []
  #count = 0
  readonly #listeners = new Set<() => void>()

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly getEvents = (): readonly LoggedEvent[] => this.#events

  add(source: EventSource, event: { readonly type: string; readonly [field: string]: unknown }, atMs: number): void {
    this.#count++
    const { type: name, ...fields } = event
    const added: LoggedEvent = { id: this.#count, atMs, source, name, detail: detailOf(fields) }
    this.#events = [...this.#events.slice(-(MOST_EVENTS - 1)), added]
    for (const listener of this.#listeners) listener()
  }
}

export function matching(events: readonly LoggedEvent[], source: EventSource | null, text: string): readonly LoggedEvent[] {
  const wanted = text.trim().toLowerCase()
  return events.filter(
    (event) =>
      (source === null || event.source === source) &&
      (wanted === '' || `${event.name} ${event.detail}`.toLowerCase().includes(wanted)),
  )
}

/** One line an event, as it goes to the clipboard. */
export function lineOf({ atMs, source, name, detail }: LoggedEvent): string {
  return `${new Date(atMs).toISOString()} ${source} ${name}${detail === '' ? '' : ` ${detail}`}`
}

function detailOf(fields: Readonly<Record<string, unknown>>): string {
  if (Object.keys(fields).length === 0) return ''
  const text = JSON.stringify(fields, (key, value: unknown) => (SECRETS.has(key) && value !== null ? '…' : value))
  return text.length <= MOST_CHARS ? text : `${text.slice(0, MOST_CHARS)}…`
}
