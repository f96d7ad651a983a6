// @vitest-environment happy-dom

import { renderHook } from '@testing-library/react'
import { expect, it } from 'vitest'

import type { Phase } from '../call-state.ts'
import { DEFAULT_SOUND } from '../sound.ts'
import { useCues } from './use-cues.ts'

it('a change of phase is heard when that is wanted, once, and never otherwise', () => {
  const heard: string[] = []
  const note = (cue: string): void => void heard.push(cue)
  const { rerender } = renderHook(({ phase, wanted }: { phase: Phase; wanted: boolean }) => useCues(phase, wanted, DEFAULT_SOUND, note), {
    initialProps: { phase: 'connecting', wanted: true },
  })
  rerender({ phase: 'listening', wanted: true })
  rerender({ phase: 'listening', wanted: true })
  rerender({ phase: 'thinking', wanted: false })
  rerender({ phase: 'thinking', wanted: true })
  rerender({ phase: 'ended', wanted: true })
  expect(heard).toEqual(['yourTurn', 'over'])
})
