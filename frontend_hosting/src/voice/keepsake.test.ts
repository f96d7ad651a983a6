import { expect, it } from 'vitest'

import { keepsakeOf, readKeepsake } from './keepsake.ts'
import { INITIAL } from './call-state.ts'
import { withNote, withTool, withTyped } from './thread.ts'

const THREAD = withTool(withNote(withTyped([], 1, 'hello', 10), 'unanswered'), { session: 1, toolUseId: 'a', name: 'calendar', status: 'started' })
const STATE = {
  ...INITIAL,
  thread: THREAD,
  sessions: 2,
  startedAtMs: 5,
  heard: [{ session: 1, responseId: 1, fromMs: 1, toMs: null }],
  times: [{ session: 1, responseId: 1, ms: 650, stages: { waitingMs: 1, answeringMs: 2, playingMs: 3 } }],
  language: 'en-US',
  conversationId: 'c',
}

it('what was kept comes back as it was, and nothing else of the state does', () => {
  const { thread, times, heard, sessions, startedAtMs, endedAtMs, language, conversationId } = STATE
  expect(readKeepsake(keepsakeOf(STATE) ?? '')).toEqual({ thread, times, heard, sessions, startedAtMs, endedAtMs, language, conversationId })
})

it('an empty thread is not worth keeping', () => {
  expect(keepsakeOf(INITIAL)).toBeNull()
})

const kept = JSON.parse(keepsakeOf(STATE) ?? '') as Record<string, unknown>
it.each([
  ['another version', { version: 2 }],
  ['a thread that is none', { thread: 'hello' }],
  ['an entry of an unknown kind', { thread: [{ id: 'a', kind: 'picture' }] }],
  ['an entry without its text', { thread: [{ id: 'a', kind: 'said', role: 'user', fromMs: 1, planned: [], spoken: 'hello' }] }],
  ['an unknown note', { thread: [{ id: 'a', kind: 'note', note: 'x' }] }],
  ['times that are none', { times: [{ ms: 'soon' }] }],
  ['no count of sessions', { sessions: null }],
  ['a time that is none', { startedAtMs: 'now' }],
  ['a language that is none', { language: 7 }],
  ['a conversation that is none', { conversationId: 7 }],
])('%s is not taken back', (_, change) => {
  expect(readKeepsake(JSON.stringify({ ...kept, ...change }))).toBeNull()
})
