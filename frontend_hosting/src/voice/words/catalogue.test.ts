import { describe, expect, it } from 'vitest'

import { ENDONYMS, LANGUAGES, loadWords, preferredLanguage } from './catalogue.ts'
import { en } from './en.ts'

type Leaf = { readonly path: string; readonly value: unknown }

function leaves(value: unknown, path = ''): Leaf[] {
  if (typeof value !== 'object' || value === null) return [{ path, value }]
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === '' ? key : `${path}.${key}`))
}

const valueAt = (catalogue: unknown, path: string): unknown => leaves(catalogue).find((leaf) => leaf.path === path)?.value
const others = LANGUAGES.filter((language) => language !== 'en')
/** Words that are the same in another language are either really so or forgotten: these are really so. */
const SAME = new Set([
  'product', 'interrupted', 'saveAs.text', 'roundTrip', 'percent', 'spanSeconds', 'session', 'sessionId', 'themes.system',
  'thread', 'composerLabel', 'assistant', 'volume', 'sources.page', 'sources.service',
])

describe.each(others)('the catalogue %s', (language) => {
  it('has every key and no other', async () => {
    const words = await loadWords(language)
    expect(leaves(words).map(({ path }) => path).toSorted()).toEqual(leaves(en).map(({ path }) => path).toSorted())
  })

  it('has words for every key, and no English left', async () => {
    const words = await loadWords(language)
    const forgotten = leaves(words)
      .filter(({ path, value }) => value === '' || (value === valueAt(en, path) && !SAME.has(path)))
      .map(({ path }) => path)
    expect(forgotten).toEqual([])
  })

  it('keeps every placeholder, in the singular too', async () => {
    const functions = leaves(await loadWords(language)).filter(({ value }) => typeof value === 'function')
    expect(functions.length).toBeGreaterThan(8)
    const lost = functions.flatMap(({ path, value }) => {
      const write = value as (...given: unknown[]) => string
      const given = Array.from({ length: (valueAt(en, path) as () => string).length }, (_, index) => `<${index}>`)
      const kept = given.every((placeholder) => write(...given).includes(placeholder)) && write(1, ...given.slice(1)).includes('1')
      return kept && !/undefined|null/u.test(write(...given)) ? [] : [path]
    })
    expect(lost).toEqual([])
  })

  it('names itself', async () => {
    const words = await loadWords(language)
    expect(words.locale.split('-')[0]).toBe(language)
    expect(new Intl.DisplayNames(language, { type: 'language' }).of(language)?.toLowerCase()).toBe(ENDONYMS[language].toLowerCase())
  })
})

describe('the language of the page', () => {
  it.each([
    [['de-AT', 'en'], 'de'],
    [['pt-PT'], 'pt'],
    [['ja', 'fr-CA', 'en'], 'fr'],
    [['ja', 'zh-Hant-TW'], 'en'],
    [[], 'en'],
    [['DE'], 'de'],
    [['constructor', 'it'], 'it'],
  ] as const)('of a user who reads %j is %s', (wanted, language) => {
    expect(preferredLanguage(wanted)).toBe(language)
  })

  it('is English while another cannot be fetched', async () => {
    const fails = (): Promise<never> => Promise.reject(new TypeError('Failed to fetch dynamically imported module'))
    expect(await loadWords('de', { en: fails, es: fails, pt: fails, de: fails, fr: fails, it: fails })).toBe(en)
  })
})
