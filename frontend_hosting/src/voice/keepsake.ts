// PURE. What is kept of a conversation while the page is away: whoever signs in again leaves it for a moment.
//
// It goes through the tab's own storage, which another version of this page may have written: what does not look as
// expected is not taken back.

import type { VoiceState } from './call-state.ts'
import type { Entry, Note } from './thread.ts'

const KEPT = ['thread', 'times', 'heard', 'sessions', 'startedAtMs', 'endedAtMs', 'language', 'conversationId'] as const

export type Keepsake = Pick<VoiceState, (typeof KEPT)[number]>

const VERSION = 1
const NOTES = ['freshSession', 'takenUp', 'unanswered', 'continued'] as const satisfies readonly Note['note'][]

/** Null when there is nothing that anybody would miss. */
export function keepsakeOf(state: VoiceState): string | null {
  if (state.thread.length === 0) return null
  return JSON.stringify({ version: VERSION, ...Object.fromEntries(KEPT.map((key) => [key, state[key]])) })
}

export function readKeepsake(text: string): Keepsake | null {
  const kept = parse(text)
  if (kept?.['version'] !== VERSION) return null
  const { thread, times, heard, sessions, startedAtMs, endedAtMs, language, conversationId } = kept
  const sound =
    Array.isArray(thread) && thread.every(isEntry) &&
    isListOf(times, ['session', 'responseId', 'ms']) && isListOf(heard, ['session', 'responseId', 'fromMs']) &&
    typeof sessions === 'number' && isNumberOrNull(startedAtMs) && isNumberOrNull(endedAtMs) &&
    isTextOrNull(language) && isTextOrNull(conversationId)
  return sound ? ({ thread, times, heard, sessions, startedAtMs, endedAtMs, language, conversationId } as Keepsake) : null
}

function isEntry(value: unknown): value is Entry {
  if (!isObject(value) || typeof value['id'] !== 'string') return false
  switch (value['kind']) {
    case 'said':
      return isTexts(value['planned']) && isTexts(value['spoken']) && typeof value['fromMs'] === 'number' && typeof value['role'] === 'string'
    case 'note':
      return NOTES.some((note) => note === value['note'])
    case 'tool':
      return typeof value['name'] === 'string' && typeof value['status'] === 'string'
    default:
      return false
  }
}

function isListOf(value: unknown, numbers: readonly string[]): boolean {
  return Array.isArray(value) && value.every((item) => isObject(item) && numbers.every((key) => typeof item[key] === 'number'))
}

const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every((text) => typeof text === 'string')

const isNumberOrNull = (value: unknown): boolean => value === null || typeof value === 'number'

const isTextOrNull = (value: unknown): boolean => value === null || typeof value === 'string'

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const body: unknown = JSON.parse(text)
    return isObject(body) ? body : null
  } catch {
    return null
  }
}
