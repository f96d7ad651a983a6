import { expect, it } from 'vitest'

import { type Cue, CUE_NOTES, cueFor } from './cues.ts'
import type { Phase } from './call-state.ts'

it.each([
  [null, 'listening', null],
  ['idle', 'connecting', null],
  ['connecting', 'listening', 'yourTurn'],
  ['listening', 'hearing', null],
  ['hearing', 'listening', null],
  ['hearing', 'thinking', 'understood'],
  ['thinking', 'speaking', null],
  ['speaking', 'listening', 'yourTurn'],
  ['thinking', 'listening', 'yourTurn'],
  ['listening', 'reconnecting', 'trouble'],
  ['reconnecting', 'listening', 'yourTurn'],
  ['connecting', 'failed', 'trouble'],
  ['listening', 'ended', 'over'],
  ['ended', 'ended', null],
] as const satisfies readonly (readonly [Phase | null, Phase, Cue | null])[])('from %s to %s sounds like %s', (before, after, cue) => {
  expect(cueFor(before, after)).toBe(cue)
})

it('every cue sounds different', () => {
  const notes = Object.values(CUE_NOTES).map((cue) => cue.join())
  expect(new Set(notes).size).toBe(notes.length)
})
