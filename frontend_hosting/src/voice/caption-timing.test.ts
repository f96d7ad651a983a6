import { describe, expect, it } from 'vitest'

import { captionAt } from './caption-timing.ts'

const PLANNED = { segments: ['It is sunny today.', 'Rain comes later.'], startsMs: [0, 1800] }

describe('the word that is heard', () => {
  it.each([
    [0, 'It'],
    [290, 'It'],
    [300, 'is'],
    [600, 'sunny'],
    [1300, 'today.'],
    [1799, 'today.'],
    [1800, 'Rain'],
    [2400, 'comes'],
    [3499, 'later.'],
    [99_000, 'later.'],
  ])('at %i ms is %s', (positionMs, word) => {
    expect(captionAt(PLANNED, positionMs, 3500).current).toBe(word)
  })

  it('stands between what was said and what is to come', () => {
    expect(captionAt(PLANNED, 600, 3500)).toEqual({ said: 'It is', current: 'sunny', coming: 'today. Rain comes later.' })
    expect(captionAt(PLANNED, 2400, 3500)).toEqual({ said: 'It is sunny today. Rain', current: 'comes', coming: 'later.' })
  })

  it('never goes back, and every word comes once', () => {
    const seen: string[] = []
    for (let ms = 0; ms <= 3500; ms += 10) {
      const { current } = captionAt(PLANNED, ms, 3500)
      if (seen.at(-1) !== current) seen.push(current)
    }
    expect(seen).toEqual(['It', 'is', 'sunny', 'today.', 'Rain', 'comes', 'later.'])
  })

  it('is a guess while the sound of its sentence has not arrived, and no sentence is over too soon', () => {
    expect(captionAt({ segments: ['One two three four.'], startsMs: [0] }, 100, 120).current).toBe('One')
  })

  it('is found in a text without spaces around it, and nothing is found in nothing', () => {
    expect(captionAt({ segments: ['  Hi.  '], startsMs: [0] }, 0, 100)).toEqual({ said: '', current: 'Hi.', coming: '' })
    expect(captionAt({ segments: [], startsMs: [] }, 50, 100)).toEqual({ said: '', current: '', coming: '' })
  })

  it('keeps all words of all sentences together', () => {
    for (let ms = 0; ms <= 3500; ms += 7) {
      const { said, current, coming } = captionAt(PLANNED, ms, 3500)
      expect([said, current, coming].filter(Boolean).join(' ')).toBe('It is sunny today. Rain comes later.')
    }
  })
})
