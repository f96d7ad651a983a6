// PURE. The conversation to take along: plain text, JSON with every detail, WebVTT with times.

import type { Heard, TurnFigures } from './session.ts'
import { bestTextOf, type Entry, type Said, type Thread } from './thread.ts'
import type { Words } from './words/en.ts'

export type TranscriptRecord = {
  readonly thread: Thread
  readonly heard: readonly Heard[]
  readonly startedAtMs: number | null
  readonly endedAtMs: number | null
  readonly language: string | null
  /** Where the time and the money of each turn went. */
  readonly turns: readonly TurnFigures[]
}
export type ExportFormat = 'text' | 'json' | 'webvtt'
export type ExportFile = { readonly name: string; readonly mimeType: string; readonly content: string }

export function exported(format: ExportFormat, record: TranscriptRecord, words: Words): ExportFile {
  const day = new Date(record.startedAtMs ?? 0).toISOString().slice(0, 16).replaceAll(/[:T]/gu, '-')
  switch (format) {
    case 'text':
      return { name: `conversation-${day}.txt`, mimeType: 'text/plain', content: asText(record.thread, words) }
    case 'json':
      return { name: `conversation-${day}.json`, mimeType: 'application/json', content: asJson(record) }
    case 'webvtt':
      return { name: `conversation-${day}.vtt`, mimeType: 'text/vtt', content: asWebVtt(record, words) }
    default:
      return format satisfies never
  }
}

export function asText(thread: Thread, words: Words): string {
  return thread.map((entry) => lineOf(entry, words)).join('\n')
}

function lineOf(entry: Entry, words: Words): string {
  switch (entry.kind) {
    case 'note':
      return `(${words.notes[entry.note]})`
    case 'tool':
      return `(${words.tool[entry.status](entry.name)})`
    case 'said': {
      const cut = entry.outcome === 'interrupted' ? ' —' : ''
      return `${entry.role === 'user' ? words.you : words.assistant}: ${bestTextOf(entry)}${cut}`
    }
    default:
      return entry satisfies never
  }
}

/** Times in milliseconds since the call began. */
function asJson({ thread, heard, startedAtMs, endedAtMs, language, turns }: TranscriptRecord): string {
  const origin = startedAtMs ?? 0
  const entries = thread.map((entry) => {
    if (entry.kind === 'note') return { kind: 'note', note: entry.note }
    if (entry.kind === 'tool') return { kind: 'tool', session: entry.session, name: entry.name, status: entry.status }
    const span = spanOf(entry, heard)
    return {
      kind: 'said', session: entry.session, turn: entry.turn, role: entry.role, via: entry.via, text: bestTextOf(entry),
      outcome: entry.outcome, startMs: span.fromMs - origin, endMs: span.toMs - origin, responseMs: entry.responseMs,
    }
  })
  const call = {
    startedAt: startedAtMs === null ? null : new Date(startedAtMs).toISOString(),
    durationMs: startedAtMs === null || endedAtMs === null ? null : endedAtMs - startedAtMs,
    language,
  }
  return `${JSON.stringify({ version: 1, call, entries, turns }, null, 2)}\n`
}

function asWebVtt({ thread, heard, startedAtMs }: TranscriptRecord, words: Words): string {
  const origin = startedAtMs ?? 0
  const cues = thread
    .filter((entry): entry is Said => entry.kind === 'said' && bestTextOf(entry) !== '')
    .map((entry) => ({ entry, ...spanOf(entry, heard) }))
    // A cue that begins before the one above it is refused by players.
    .toSorted((a, b) => a.fromMs - b.fromMs)
    .map(({ entry, fromMs, toMs }) => {
      const who = escaped(entry.role === 'user' ? words.you : words.assistant)
      return `${timestamp(fromMs - origin)} --> ${timestamp(toMs - origin)}\n<v ${who}>${escaped(bestTextOf(entry))}`
    })
  return `${['WEBVTT', ...cues].join('\n\n')}\n`
}

/** Shorter than this nobody can read. */
const LEAST_CUE_MS = 500

function spanOf(entry: Said, heard: readonly Heard[]): { readonly fromMs: number; readonly toMs: number } {
  const playout = heard.find(({ session, responseId }) => session === entry.session && responseId === entry.responseId)
  const fromMs = playout?.fromMs ?? entry.fromMs
  const toMs = playout ? playout.toMs : entry.toMs
  return { fromMs, toMs: Math.max(toMs ?? fromMs, fromMs + LEAST_CUE_MS) }
}

function two(value: number): string {
  return String(Math.floor(value)).padStart(2, '0')
}

function timestamp(ms: number): string {
  const whole = Math.max(0, Math.round(ms))
  const hours = two(whole / 3_600_000)
  const minutes = two((whole / 60_000) % 60)
  const seconds = two((whole / 1000) % 60)
  return `${hours}:${minutes}:${seconds}.${String(whole % 1000).padStart(3, '0')}`
}

/** Newlines end a cue, and angle brackets are its markup. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll(/\s+/gu, ' ')
}
