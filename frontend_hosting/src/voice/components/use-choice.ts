import { useState } from 'react'

import { readStored, writeStored } from '../../ui/stored.ts'
import type { Choice } from '../conversation.ts'
import type { Options } from '../service.ts'

const isAny = (_value: string): _value is string => true

/** Language and voice: what was chosen last time if it is still offered, else the service's defaults. */
export function useChoice(options: Options | null): readonly [Choice | null, (choice: Choice) => void] {
  const [wanted, setWanted] = useState<Choice>(() => ({
    language: readStored('voice.language', isAny, ''),
    voice: readStored('voice.voice', isAny, ''),
  }))
  const choose = (choice: Choice): void => {
    writeStored('voice.language', choice.language)
    writeStored('voice.voice', choice.voice)
    setWanted(choice)
  }
  return [options && (isOffered(options, wanted) ? wanted : options.defaults), choose]
}

function isOffered(options: Options, choice: Choice): boolean {
  const language = options.languages.find(({ code }) => code === choice.language)
  return language?.voices.some(({ id }) => id === choice.voice) ?? false
}
