import { describe, expect, it } from 'vitest'

import { asText, exported, type TranscriptRecord } from './transcript-export.ts'
import type { Thread } from './thread.ts'
import { de } from './words/de.ts'
import { en } from './words/en.ts'

const STARTED = Date.UTC(2026, 10, 23, 14, 5, 0)
const said = {
  kind: 'said', session: 1, turn: 1, via: 'voice', planned: [], plannedAtMs: [], outcome: 'completed', responseId: null, responseMs: null, toMs: null,
} as const
const THREAD: Thread = [
  { ...said, id: '1', role: 'user', spoken: ['What is 1 < 2', '& why?'], fromMs: STARTED + 1000, toMs: STARTED + 2500 },
  { kind: 'tool', id: 't', session: 1, toolUseId: 't', name: 'current_time', status: 'finished' },
  { ...said, id: '2', role: 'assistant', spoken: ['Because.'], responseId: 1, responseMs: 900, fromMs: STARTED + 3300, outcome: 'interrupted' },
  { kind: 'note', id: 'n', note: 'unanswered' },
  { ...said, id: '3', role: 'user', via: 'text', spoken: ['Thanks.'], fromMs: STARTED + 3_700_000, toMs: STARTED + 3_700_000 },
]
const WATERFALL = {
  uplinkMs: 20, serviceInMs: 1, endpointingMs: 500, modelMs: 600, serviceOutMs: 1, downlinkMs: 20, jitterBufferMs: 60, outputMs: 25, totalMs: 1227,
}
const RECORD: TranscriptRecord = {
  turns: [{ session: 1, turn: 1, waterfall: WATERFALL, costUsd: 0.000_12 }],
  thread: THREAD,
  heard: [{ session: 1, responseId: 1, fromMs: STARTED + 3400, toMs: STARTED + 4400 }],
  startedAtMs: STARTED, endedAtMs: STARTED + 3_800_000, language: 'en-US',
}

describe('the conversation to take along', () => {
  it('as text is what one would read aloud', () => {
    expect(asText(THREAD, en).split('\n')).toEqual([
      'You: What is 1 < 2 & why?',
      '(Used current_time)',
      'Assistant: Because. —',
      '(No answer came. Please say it again.)',
      'You: Thanks.',
    ])
    expect(asText(THREAD, de)).toContain('Sie: Thanks.')
  })

  it('as WebVTT has times from the start of the call, and no markup of its own', () => {
    expect(exported('webvtt', RECORD, en).content.split('\n')).toEqual([
      'WEBVTT', '',
      '00:00:01.000 --> 00:00:02.500', '<v You>What is 1 &lt; 2 &amp; why?', '',
      '00:00:03.400 --> 00:00:04.400', '<v Assistant>Because.', '',
      '01:01:40.000 --> 01:01:40.500', '<v You>Thanks.', '',
    ])
  })

  it('as JSON holds every detail', () => {
    const document: unknown = JSON.parse(exported('json', RECORD, en).content)
    expect(document).toMatchObject({
      version: 1,
      call: { startedAt: '2026-11-23T14:05:00.000Z', durationMs: 3_800_000, language: 'en-US' },
      turns: [{ session: 1, turn: 1, waterfall: WATERFALL, costUsd: 0.000_12 }],
      entries: [
        { role: 'user', startMs: 1000, endMs: 2500 },
        { kind: 'tool', name: 'current_time', status: 'finished' },
        { role: 'assistant', startMs: 3400, endMs: 4400, responseMs: 900, outcome: 'interrupted' },
        { kind: 'note', note: 'unanswered' },
        { via: 'text', text: 'Thanks.' },
      ],
    })
  })

  it.each([['text', 'txt', 'text/plain'], ['json', 'json', 'application/json'], ['webvtt', 'vtt', 'text/vtt']] as const)(
    'as %s has a name and a type', (format, ending, mimeType) => {
      expect(exported(format, RECORD, en)).toMatchObject({ name: `conversation-2026-11-23-14-05.${ending}`, mimeType })
    },
  )

  it('of a call that never began is empty and no error', () => {
    const nothing = { thread: [], heard: [], startedAtMs: null, endedAtMs: null, language: null, turns: [] }
    expect(exported('webvtt', nothing, en).content).toBe('WEBVTT\n')
    expect(exported('text', nothing, en).content).toBe('')
  })
})
