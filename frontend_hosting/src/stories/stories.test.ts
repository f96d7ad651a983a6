import { expect, it } from 'vitest'

import { type Phase, phaseOf } from '../voice/call-state.ts'
import { SIGN_IN_STORIES } from './sign-in-stories.ts'
import { STORIES } from './stories.ts'
import { storySession } from './story-session.ts'

const phases = (): Phase[] => STORIES.map((story) => phaseOf(storySession(story).store.getState()))

it('every phase has a story', () => {
  const all: Phase[] = ['idle', 'connecting', 'listening', 'hearing', 'thinking', 'speaking', 'reconnecting', 'ended', 'failed']
  expect(all.filter((phase) => !phases().includes(phase))).toEqual([])
})

it('every story has a name of its own and comes to what it is named for', () => {
  const names = [...STORIES, ...SIGN_IN_STORIES].map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  const named = STORIES.map(({ name }, index) => [name, phases()[index]] as const)
  expect(named.filter(([name, phase]) => name.startsWith('failed') && phase !== 'failed')).toEqual([])
  expect(named.filter(([name, phase]) => ['speaking', 'hearing', 'thinking', 'ended', 'idle'].includes(name) && phase !== name)).toEqual([])
})
