import { expect, it } from 'vitest'

import { byDay, dayName } from './days.ts'

const NOW = new Date(2026, 10, 23, 0, 5).getTime()
const MINUTE_MS = 60_000

it.each([
  ['en', 0, 'Today'],
  ['en', 10, 'Yesterday'],
  ['de', 10, 'Gestern'],
  ['fr', 0, 'Aujourd’hui'],
])('in %s, %i minutes before five past midnight is %s', (locale, minutes, name) => {
  expect(dayName(NOW - minutes * MINUTE_MS, NOW, locale)).toBe(name)
})

it('names an older day by its date', () => {
  expect(dayName(new Date(2026, 10, 20, 12).getTime(), NOW, 'en')).toBe('November 20, 2026')
})

it('puts those of one day together, in the order in which they came', () => {
  const ago = [0, 2, 10, 11].map((minutes) => NOW - minutes * MINUTE_MS)
  expect(byDay(ago, (ms) => ms, NOW, 'en')).toEqual([{ name: 'Today', entries: ago.slice(0, 2) }, { name: 'Yesterday', entries: ago.slice(2) }])
})
