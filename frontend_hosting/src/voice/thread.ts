// PURE. The thread of a conversation: what was said and typed, by whom, and how long each answer took.

import type { Role, Stage } from './protocol.ts'

/** What became of a turn or an utterance of it. */
export type Outcome = 'open' | 'completed' | 'interrupted' | 'unanswered' | 'failed'

export type Said = {
  readonly kind: 'said'
  readonly id: string
  /** Sessions count from 1 on this page; turns start over with each. */
  readonly session: number
  /** Null for typed text the service has not given a turn yet. */
  readonly turn: number | null
  readonly role: Role
  readonly via: 'voice' | 'text'
  /** Segments of text: what the model means to say, and what was really said. */
  readonly planned: readonly string[]
  readonly spoken: readonly string[]
  /** Where in the reply's sound each planned segment begins. */
  readonly plannedAtMs: readonly number[]
  /** Epoch milliseconds: when it was said or typed; a reply's end is known from when it was heard. */
  readonly fromMs: number
  readonly toMs: number | null
  readonly outcome: Outcome
  readonly responseId: number | null
  /** From the end of the user's speech to the first sample heard. */
  readonly responseMs: number | null
}

export type Note = { readonly kind: 'note'; readonly id: string; readonly note: 'freshSession' | 'takenUp' | 'unanswered' | 'continued' }
export type Tool = {
  readonly kind: 'tool'
  readonly id: string
  readonly session: number
  readonly toolUseId: string
  readonly name: string
  readonly status: 'started' | 'finished' | 'failed'
}
export type Entry = Said | Note | Tool
export type Thread = readonly Entry[]

export type SaidText = {
  readonly session: number
  readonly turn: number
  readonly role: Role
  readonly stage: Stage
  readonly text: string
  readonly responseId?: number
  readonly audioMs: number
  readonly fromMs: number
  readonly toMs: number | null
}

export function withTranscript(thread: Thread, said: SaidText): Thread {
  const confirmed = confirmTyped(thread, said)
  if (confirmed) return confirmed
  const index = thread.findLastIndex(
    (entry) =>
      entry.kind === 'said' && entry.session === said.session && entry.turn === said.turn && entry.role === said.role &&
      (said.responseId === undefined || entry.responseId === null || entry.responseId === said.responseId),
  )
  const found = thread[index]
  const before: Said = found?.kind === 'said' ? found : emptyEntry(thread, said)
  const after: Said = {
    ...before,
    ...withSegment(before, said),
    responseId: said.responseId ?? before.responseId,
  }
  return found ? thread.with(index, after) : [...thread, after]
}

/** What was heard of a reply that was broken off replaces whatever was planned and said of it. */
function withSegment(before: Said, { stage, text, audioMs }: SaidText): Pick<Said, 'planned' | 'plannedAtMs' | 'spoken'> {
  const { planned, plannedAtMs, spoken } = before
  switch (stage) {
    case 'planned':
      return { planned: [...planned, text], plannedAtMs: [...plannedAtMs, audioMs], spoken }
    case 'spoken':
      return { planned, plannedAtMs, spoken: [...spoken, text] }
    case 'heard':
      return { planned: [], plannedAtMs: [], spoken: text === '' ? [] : [text] }
  }
}

/** Typed text stands in the thread at once; when the service repeats it, only its turn is new. */
function confirmTyped(thread: Thread, said: SaidText): Thread | null {
  if (said.role !== 'user') return null
  const index = thread.findIndex(
    (entry) =>
      entry.kind === 'said' && entry.via === 'text' && entry.session === said.session &&
      (entry.turn === null || entry.turn === said.turn) && normal(entry.spoken.join(' ')) === normal(said.text),
  )
  const found = thread[index]
  return found?.kind === 'said' ? thread.with(index, { ...found, turn: said.turn }) : null
}

export function withTyped(thread: Thread, session: number, text: string, atMs: number): Thread {
  const entry: Said = {
    kind: 'said', id: `${session}-typed-${thread.length}`, session, turn: null, role: 'user', via: 'text',
    planned: [], spoken: [text], plannedAtMs: [], fromMs: atMs, toMs: atMs, outcome: 'completed', responseId: null, responseMs: null,
  }
  return [...thread, entry]
}

export function withNote(thread: Thread, note: Note['note']): Thread {
  return [...thread, { kind: 'note', id: `note-${thread.length}`, note }]
}

export function withOutcome(thread: Thread, session: number, turn: number, outcome: Outcome): Thread {
  const settled = thread.map((entry) =>
    entry.kind === 'said' && entry.session === session && entry.turn === turn ? settle(entry, outcome) : entry,
  )
  return outcome === 'unanswered' ? withNote(settled, 'unanswered') : settled
}

export function withInterruption(thread: Thread, session: number, responseId: number): Thread {
  return thread.map((entry) => (isReply(entry, session, responseId) ? settle(entry, 'interrupted') : entry))
}

type ToolReport = { readonly session: number; readonly toolUseId: string; readonly name: string; readonly status: string }

/** One line for each use of a tool, which changes as the tool goes on. */
export function withTool(thread: Thread, { session, toolUseId, name, status }: ToolReport): Thread {
  const id = `${session}-tool-${toolUseId}`
  const known = status === 'started' || status === 'finished' ? status : 'failed'
  const entry: Tool = { kind: 'tool', id, session, toolUseId, name, status: known }
  const index = thread.findIndex((other) => other.id === id)
  return index === -1 ? [...thread, entry] : thread.with(index, entry)
}

/** From the end of the question: until that was certain, until the answer arrived, until it was heard. */
export type Stages = { readonly waitingMs: number; readonly answeringMs: number; readonly playingMs: number }

export type ResponseTime = {
  readonly session: number
  readonly responseId: number
  readonly ms: number
  readonly stages: Stages
}

/** Times wait for their entry: audio may start before the first text of a reply. */
export function withResponseTimes(thread: Thread, times: readonly ResponseTime[]): Thread {
  let changed = false
  const timed = thread.map((entry) => {
    if (entry.kind !== 'said' || entry.responseMs !== null) return entry
    const time = times.find(({ session, responseId }) => isReply(entry, session, responseId))
    if (!time) return entry
    changed = true
    return { ...entry, responseMs: time.ms }
  })
  return changed ? timed : thread
}

/**
 * The text of an entry: what was said, and what is still to come. The words that were really spoken arrive seconds
 * late, often in the next turn; until then a reply played to its end counts as spoken as it was planned, and of an
 * interrupted one nobody knows yet how far it got.
 */
export function textOf(entry: Said): { readonly spoken: string; readonly coming: string } {
  const spoken = join(entry.spoken)
  if (entry.outcome === 'interrupted') return { spoken, coming: spoken === '' ? join(entry.planned) : '' }
  const coming = comingOf(entry, spoken)
  return entry.outcome === 'completed' ? { spoken: join([spoken, coming]), coming: '' } : { spoken, coming }
}

function comingOf(entry: Said, spoken: string): string {
  const planned = join(entry.planned)
  if (planned.startsWith(spoken)) return planned.slice(spoken.length).trim()
  // The model corrected itself on the way; segments still correspond one to one.
  return join(entry.planned.slice(entry.spoken.length))
}

/** For whoever takes the conversation along: of a reply that was cut off before anybody knew how far it got, what was planned. */
export function bestTextOf(entry: Said): string {
  const { spoken, coming } = textOf(entry)
  return spoken === '' ? coming : spoken
}

/** The call is over: a reply that was under way was cut off by that. */
export function withEnd(thread: Thread): Thread {
  return thread.map((entry) => (entry.kind === 'said' && entry.outcome === 'open' ? settle(entry, 'interrupted') : entry))
}

/** What was interrupted stays interrupted, and what the user said is complete in any case. */
function settle(entry: Said, outcome: Outcome): Said {
  if (entry.role === 'user') return { ...entry, outcome: 'completed' }
  return entry.outcome === 'interrupted' ? entry : { ...entry, outcome }
}

function isReply(entry: Entry, session: number, responseId: number): entry is Said {
  return entry.kind === 'said' && entry.role === 'assistant' && entry.session === session && entry.responseId === responseId
}

function emptyEntry(thread: Thread, said: SaidText): Said {
  return {
    kind: 'said', id: `${said.session}-${said.turn}-${said.role}-${thread.length}`, session: said.session, turn: said.turn,
    role: said.role, via: 'voice', planned: [], spoken: [], plannedAtMs: [], fromMs: said.fromMs, toMs: said.toMs, outcome: 'open',
    responseId: said.responseId ?? null, responseMs: null,
  }
}

function join(segments: readonly string[]): string {
  return segments.map((segment) => segment.trim()).filter(Boolean).join(' ')
}

function normal(text: string): string {
  return text.trim().toLowerCase().replaceAll(/\s+/gu, ' ')
}
