// The languages of the page. English is always there; the others are fetched when they are wanted.

import { en, type Words } from './en.ts'

export const LANGUAGES = ['en', 'es', 'pt', 'de', 'fr', 'it'] as const
export type InterfaceLanguage = (typeof LANGUAGES)[number]

/** Each language by its own name, as in every list of languages that is any good. */
export const ENDONYMS: Readonly<Record<InterfaceLanguage, string>> = {
  en: 'English', es: 'Español', pt: 'Português', de: 'Deutsch', fr: 'Français', it: 'Italiano',
}

const LOADERS: Readonly<Record<InterfaceLanguage, () => Promise<Words>>> = {
  en: () => Promise.resolve(en),
  es: async () => (await import('./es.ts')).es,
  pt: async () => (await import('./pt.ts')).pt,
  de: async () => (await import('./de.ts')).de,
  fr: async () => (await import('./fr.ts')).fr,
  it: async () => (await import('./it.ts')).it,
}

/** `system`: what the browser says. */
export type LanguageChoice = 'system' | InterfaceLanguage

export const isInterfaceLanguage = (value: string): value is InterfaceLanguage => LANGUAGES.some((known) => known === value)

export const isLanguageChoice = (value: string): value is LanguageChoice => value === 'system' || isInterfaceLanguage(value)

/** The first of the user's languages that the page speaks; regions do not matter. */
export function preferredLanguage(wanted: readonly string[]): InterfaceLanguage {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split('-')[0] ?? ''
    if (isInterfaceLanguage(language)) return language
  }
  return 'en'
}

export function languageOf(choice: LanguageChoice, wanted: readonly string[]): InterfaceLanguage {
  return choice === 'system' ? preferredLanguage(wanted) : choice
}

/** The words of a language; English if they cannot be fetched, for a page in English is better than none. */
export async function loadWords(language: InterfaceLanguage, loaders = LOADERS): Promise<Words> {
  try {
    return await loaders[language]()
  } catch {
    return en
  }
}
