import { describe, expect, it } from 'vitest'

import { exported } from '../transcript-export.ts'
import { en } from '../words/en.ts'
import { continuing, matching, parsePage, parseWhole, recordOf, threadOf, type WholeConversation } from './conversations.ts'

const SUMMARY = { id: 'c1', title: 'The weather', begunAt: '2026-11-23T09:30:00.000+00:00', updatedAt: '2026-11-23T09:31:00.000+00:00', lastTurn: 2 }
const AT = Date.parse(SUMMARY.begunAt)
const TURN = {
  turn: 1, user: 'Will it rain?', assistant: 'Not today.', outcome: 'completed', savedAt: '2026-11-23T09:30:30.000+00:00',
  figures: { utterance_ms: 2000, endpointing_ms: 500, time_to_first_audio_ms: 300, reply_ms: 4000, waterfall: { model_ms: 300, output_ms: 30, total_ms: 900 } },
}
const LATER = { turn: 2, user: 'And then?', assistant: 'It', outcome: 'interrupted', savedAt: '2026-11-23T09:31:00.000+00:00', figures: null }
const whole = (turns: readonly unknown[] = [TURN, LATER]): WholeConversation => parseWhole({ ...SUMMARY, turns }) ?? expect.fail('it was not understood')

describe('what the service sends', () => {
  it('is a page of a list and where it goes on', () => {
    expect(parsePage({ conversations: [SUMMARY], next: 'c1' })).toEqual({
      conversations: [{ id: 'c1', title: 'The weather', begunAtMs: AT, updatedAtMs: AT + 60_000, turnCount: 2 }], next: 'c1',
    })
  })

  it.each([
    ['no object', 'x'],
    ['no list', { next: null }],
    ['a conversation without a name', { conversations: [{ ...SUMMARY, id: 7 }], next: null }],
    ['a time that is none', { conversations: [{ ...SUMMARY, begunAt: 'yesterday' }], next: null }],
  ])('is refused as a whole when it is %s', (_what, body) => {
    expect(parsePage(body)).toBeNull()
  })

  it.each([
    ['no turns', SUMMARY],
    ['a turn that nobody spoke', { ...SUMMARY, turns: [{ ...TURN, user: undefined }] }],
    ['a turn from no time', { ...SUMMARY, turns: [{ ...TURN, savedAt: null }] }],
  ])('is no conversation with %s', (_what, body) => {
    expect(parseWhole(body)).toBeNull()
  })

  it('may leave out every figure, or have figures that are none', () => {
    const [turn] = whole([{ ...TURN, figures: { reply_ms: 'long', utterance_ms: -3, waterfall: 7 } }]).turns
    expect(turn).toMatchObject({ utteranceMs: 0, waitMs: 0, replyMs: 0, responseMs: null })
  })
})

describe('the thread of a past conversation', () => {
  it('has its times reckoned back from when each turn was stored', () => {
    const [asked, reply] = threadOf(whole())
    expect(asked).toMatchObject({ role: 'user', spoken: ['Will it rain?'], fromMs: AT + 23_200, toMs: AT + 25_200 })
    expect(reply).toMatchObject({ role: 'assistant', spoken: ['Not today.'], fromMs: AT + 26_000, toMs: AT + 30_000, responseMs: 900 })
  })

  it('never runs backwards, whatever the figures say', () => {
    const long = { ...LATER, figures: { reply_ms: 9e9, utterance_ms: 9e9 } }
    const times = threadOf(whole([TURN, long])).flatMap((entry) => (entry.kind === 'said' ? [entry.fromMs, entry.toMs ?? 0] : []))
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  })

  it('leaves out what nobody said', () => {
    expect(threadOf(whole([{ ...TURN, user: '' }, { ...LATER, assistant: '', outcome: 'unanswered' }]))).toHaveLength(2)
  })

  it('says where a call that continues it begins, and which conversation that is', () => {
    const past = continuing(whole())
    expect(past.thread.at(-1)).toMatchObject({ kind: 'note', note: 'continued' })
    expect(past).toMatchObject({ conversationId: 'c1', sessions: 0, startedAtMs: AT })
  })

  it.each([
    ['text', /^You: Will it rain\?\nAssistant: Not today\.\nYou: And then\?\nAssistant: It —$/u],
    ['json', /"role": "assistant",\s+"via": "voice",\s+"text": "Not today\."/u],
    ['webvtt', /^WEBVTT\n\n00:00:23\.200 --> 00:00:25\.200\n<v You>Will it rain\?/u],
  ] as const)('can be saved as %s', (format, content) => {
    const file = exported(format, recordOf(whole()), en)
    expect(file.content).toMatch(content)
    expect(file.name).toContain('2026-11-23-09-30')
  })
})

describe('looking for a title', () => {
  const titled = (title: string | null): { readonly id: string; readonly title: string | null; readonly begunAtMs: number; readonly updatedAtMs: number; readonly turnCount: number } => ({ id: String(title), title, begunAtMs: 0, updatedAtMs: 0, turnCount: 1 })
  const all = [titled('Onde fica a ESTAÇÃO?'), titled('A week of dinners'), titled(null)]

  it.each([
    ['estacao onde', ['Onde fica a ESTAÇÃO?']],
    ['Dinners', ['A week of dinners']],
    ['dinners estação', []],
    ['  ', ['Onde fica a ESTAÇÃO?', 'A week of dinners', 'null']],
  ])('%j finds %j', (query, ids) => {
    expect(matching(all, query).map(({ id }) => id)).toEqual(ids)
  })
})
