import { expect, it } from 'vitest'

import { type Phase, phaseOf } from '../voice/session.ts'
import { STORIES } from './stories.ts'
import { storySession } from './story-session.ts'

const phases = (): Phase[] => STORIES.map((story) => phaseOf(storySession(story).store.getState()))

it('every phase has a story', () => {
  const all: Phase[] = ['idle', 'connecting', 'listening', 'hearing', 'thinking', 'speaking', 'reconnecting', 'ended', 'failed']
  expect(all.filter((phase) => !phases().includes(phase))).toEqual([])
})

it('every story has a name of its own and comes to what it is named for', () => {
  expect(new Set(STORIES.map(({ name }) => name)).size).toBe(STORIES.length)
  const named = STORIES.map(({ name }, index) => [name, phases()[index]] as const)
  expect(named.filter(([name, phase]) => name.startsWith('failed') && phase !== 'failed')).toEqual([])
  expect(named.filter(([name, phase]) => ['speaking', 'hearing', 'thinking', 'ended', 'idle'].includes(name) && phase !== name)).toEqual([])
})
