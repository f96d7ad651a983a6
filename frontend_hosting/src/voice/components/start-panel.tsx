import type { ReactNode } from 'react'

import { Button } from '../../ui/button.tsx'
import { SelectField } from '../../ui/select-field.tsx'
import type { Choice } from '../conversation.ts'
import { mayTypeInstead, type Problem } from '../problems.ts'
import type { Options } from '../service.ts'
import { useWords } from '../words/use-words.ts'

type Props = {
  /** Null while they are being fetched or cannot be had: then the service's own defaults hold. */
  readonly options: Options | null
  readonly choice: Choice | null
  readonly again: boolean
  readonly problem: Problem | null
  readonly onChoose: (choice: Choice) => void
  readonly onStart: (how: { readonly typing: boolean }) => void
}

/** Consent, language, voice, and the button that opens the microphone. */
export function StartPanel({ options, choice, again, problem, onChoose, onStart }: Props): ReactNode {
  const words = useWords()
  const language = options?.languages.find(({ code }) => code === choice?.language)
  return (
    <div className="flex w-full max-w-md flex-col items-center gap-5">
      {options && choice && language ? (
        <div className="flex w-full flex-col gap-3 @[40rem]:flex-row @[40rem]:*:first:flex-[1.6]">
          <SelectField
            label={words.language}
            value={choice.language}
            choices={options.languages.map(({ code, name }) => ({ value: code, label: languageName(code, name, words.locale) }))}
            onChange={(code) => onChoose(withLanguage(options, choice, code))}
          />
          <SelectField
            label={words.voice}
            value={choice.voice}
            choices={language.voices.map(({ id, name }) => ({ value: id, label: name }))}
            onChange={(voice) => onChoose({ ...choice, voice })}
          />
        </div>
      ) : null}
      <div className="flex flex-wrap items-center justify-center gap-3">
        <Button kind="primary" className="min-h-14 px-9 text-lg" onClick={() => onStart({ typing: false })}>
          {again ? words.startAgain : words.start}
        </Button>
        {problem && mayTypeInstead(problem) ? (
          <Button className="min-h-14" onClick={() => onStart({ typing: true })}>{words.typeInstead}</Button>
        ) : null}
      </div>
      <p className="max-w-sm text-center text-sm leading-relaxed text-soft">{words.consent}</p>
    </div>
  )
}

/** Keep the voice if it speaks that language, else take the language's first. */
export function withLanguage(options: Options, choice: Choice, code: string): Choice {
  const voices = options.languages.find((language) => language.code === code)?.voices ?? []
  const kept = voices.some(({ id }) => id === choice.voice)
  return { language: code, voice: kept ? choice.voice : (voices[0]?.id ?? choice.voice) }
}

/** The service names languages in English; the browser knows their names in the others. */
function languageName(code: string, name: string, locale: string): string {
  if (locale === 'en') return name
  try {
    const own = new Intl.DisplayNames(locale, { type: 'language', languageDisplay: 'standard' }).of(code) ?? name
    return own.charAt(0).toLocaleUpperCase(locale) + own.slice(1)
  } catch {
    // A code that is no language tag, or a browser without the names.
    return name
  }
}
