import { expect, it } from 'vitest'

import { authWords } from './words.ts'

const texts = (value: unknown): string[] => {
  if (typeof value === 'function') return [String((value as (account: string) => string)('a@b.example'))]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(texts) : [String(value)]
}

it.each([[['de-CH'], 'de'], [['xx', 'pt-BR'], 'pt'], [['zh'], 'en'], [[], 'en'], [['constructor'], 'en'], [['EN-us', 'fr'], 'en']])(
  'of %j the page speaks %s',
  (wanted, locale) => {
    expect(authWords(wanted).locale).toBe(locale)
  },
)

it.each(['de', 'es', 'pt', 'fr', 'it'])('%s says everything, and in its own words', (language) => {
  const own = texts(authWords([language]))
  const english = texts(authWords(['en']))
  expect(own).toHaveLength(english.length)
  expect(own.filter((text) => text === '' || english.includes(text))).toEqual([])
})
