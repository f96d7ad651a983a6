// PURE. What the service keeps of earlier conversations, and how one of them becomes a thread again.
//
// The service stores a turn as what the user said and what they heard of the reply, with the instant at which it was
// written and, where it knew them, how long its parts took. Times within a turn are reckoned back from there.

import type { Keepsake } from '../keepsake.ts'
import type { Waterfall } from '../protocol.ts'
import type { TurnFigures } from '../session.ts'
import { storedWaterfall } from '../stored-waterfall.ts'
import { type Outcome, type Said, type Thread, withNote } from '../thread.ts'
import type { TranscriptRecord } from '../transcript-export.ts'

export type PastConversation = {
  readonly id: string
  readonly title: string | null
  readonly begunAtMs: number
  readonly updatedAtMs: number
  readonly turnCount: number
}

export type PastTurn = {
  readonly turn: number
  readonly user: string
  readonly assistant: string
  readonly outcome: Outcome
  readonly savedAtMs: number
  readonly utteranceMs: number
  /** From the end of the question to the reply's first audio. */
  readonly waitMs: number
  readonly replyMs: number
  /** From the end of the question to the first sound that was heard; null: not known. */
  readonly responseMs: number | null
  readonly waterfall: Waterfall | null
  readonly costUsd: number | null
}

export type WholeConversation = PastConversation & { readonly turns: readonly PastTurn[] }

/** The newest first; `next` leads to the page after it. */
export type PastPage = { readonly conversations: readonly PastConversation[]; readonly next: string | null }

type Fields = Readonly<Record<string, unknown>>

export function parsePage(body: unknown): PastPage | null {
  if (!isObject(body) || !Array.isArray(body['conversations'])) return null
  const conversations = body['conversations'].map(parseConversation)
  if (!conversations.every((parsed) => parsed !== null)) return null
  return { conversations, next: textOrNull(body['next']) }
}

export function parseConversation(body: unknown): PastConversation | null {
  if (!isObject(body)) return null
  const { id, title, begunAt, updatedAt, lastTurn } = body
  const begunAtMs = instant(begunAt)
  const updatedAtMs = instant(updatedAt)
  if (typeof id !== 'string' || typeof lastTurn !== 'number' || begunAtMs === null || updatedAtMs === null) return null
  return { id, title: textOrNull(title), begunAtMs, updatedAtMs, turnCount: lastTurn }
}

export function parseWhole(body: unknown): WholeConversation | null {
  const conversation = parseConversation(body)
  if (!conversation || !isObject(body) || !Array.isArray(body['turns'])) return null
  const turns = body['turns'].map(parseTurn)
  return turns.every((parsed) => parsed !== null) ? { ...conversation, turns } : null
}

function parseTurn(body: unknown): PastTurn | null {
  if (!isObject(body)) return null
  const { turn, user, assistant, outcome, savedAt } = body
  const savedAtMs = instant(savedAt)
  if (typeof turn !== 'number' || typeof user !== 'string' || typeof assistant !== 'string' || savedAtMs === null) return null
  const figures = isObject(body['figures']) ? body['figures'] : {}
  return {
    turn, user, assistant, outcome: outcomeOf(outcome), savedAtMs,
    utteranceMs: span(figures, 'utterance_ms'),
    waitMs: span(figures, 'endpointing_ms') + span(figures, 'time_to_first_audio_ms'),
    replyMs: span(figures, 'reply_ms'),
    responseMs: responseOf(figures['waterfall']),
    waterfall: storedWaterfall(figures['waterfall']),
    costUsd: typeof figures['cost_nano_usd'] === 'number' ? figures['cost_nano_usd'] / 1e9 : null,
  }
}

/** Only a waterfall that ends at the loudspeaker tells what the user waited. */
function responseOf(waterfall: unknown): number | null {
  return isObject(waterfall) && typeof waterfall['output_ms'] === 'number' ? span(waterfall, 'total_ms') : null
}

const outcomeOf = (outcome: unknown): Outcome =>
  outcome === 'completed' || outcome === 'interrupted' || outcome === 'unanswered' ? outcome : 'failed'

const span = (figures: Fields, name: string): number => {
  const ms = figures[name]
  return typeof ms === 'number' && Number.isFinite(ms) && ms > 0 ? ms : 0
}

const textOrNull = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

function instant(value: unknown): number | null {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(ms) ? null : ms
}

/** Sessions of this page count from 1; what was said before them is session 0. */
const BEFORE = 0

export function threadOf({ turns, begunAtMs }: WholeConversation): Thread {
  let earliestMs = begunAtMs
  return turns.flatMap((turn) => {
    const entries = entriesOf(turn, earliestMs)
    earliestMs = Math.max(earliestMs, turn.savedAtMs)
    return entries
  })
}

function entriesOf(turn: PastTurn, earliestMs: number): Said[] {
  const within = (ms: number): number => Math.min(Math.max(ms, earliestMs), Math.max(turn.savedAtMs, earliestMs))
  const replyAtMs = within(turn.savedAtMs - turn.replyMs)
  const askedAtMs = within(replyAtMs - turn.waitMs)
  const entry = (role: Said['role'], text: string, rest: Pick<Said, 'fromMs' | 'toMs' | 'outcome' | 'responseMs'>): Said => ({
    kind: 'said', id: `past-${turn.turn}-${role}`, session: BEFORE, turn: turn.turn, role, via: 'voice',
    planned: [], plannedAtMs: [], spoken: [text], responseId: null, ...rest,
  })
  const asked = entry('user', turn.user, { fromMs: within(askedAtMs - turn.utteranceMs), toMs: askedAtMs, outcome: 'completed', responseMs: null })
  const reply = entry('assistant', turn.assistant, { fromMs: replyAtMs, toMs: within(turn.savedAtMs), outcome: turn.outcome, responseMs: turn.responseMs })
  return [asked, reply].filter(({ spoken }) => spoken[0] !== '')
}

/** What a call begins with that continues it; a line in the thread says where the new part begins. */
export function continuing(whole: WholeConversation): Keepsake {
  return {
    thread: withNote(threadOf(whole), 'continued'),
    times: [], heard: [], sessions: BEFORE, startedAtMs: whole.begunAtMs, endedAtMs: null, language: null, conversationId: whole.id,
  }
}

export function recordOf(whole: WholeConversation): TranscriptRecord {
  return { thread: threadOf(whole), heard: [], startedAtMs: whole.begunAtMs, endedAtMs: whole.updatedAtMs, language: null, turns: whole.turns.map(figuresOf) }
}

function figuresOf({ turn, waterfall, costUsd }: PastTurn): TurnFigures {
  return { session: BEFORE, turn, waterfall, costUsd }
}

/** Those whose title has every word that is looked for, whatever its case and accents. */
export function matching(conversations: readonly PastConversation[], query: string): readonly PastConversation[] {
  const wanted = plain(query).split(/\s+/u).filter(Boolean)
  return wanted.length === 0 ? conversations : conversations.filter(({ title }) => wanted.every((word) => plain(title ?? '').includes(word)))
}

const plain = (text: string): string => text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase()
