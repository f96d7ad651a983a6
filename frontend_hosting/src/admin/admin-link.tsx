// Loaded for administrators only.

import type { ReactNode } from 'react'

import { ChartIcon } from '../ui/icons.tsx'
import { useStored } from '../ui/stored.ts'
import { isLanguageChoice, languageOf } from '../voice/words/catalogue.ts'
import { ADMIN_WORDS } from './words.ts'

/** The way to the dashboard, in the page's header. */
export function AdminLink(): ReactNode {
  const [choice] = useStored('ui.language', isLanguageChoice, 'system')
  const { title } = ADMIN_WORDS[languageOf(choice, navigator.languages)]
  return (
    <a
      href="/admin" aria-label={title} title={title}
      className="flex h-11 w-11 shrink-0 items-center justify-center rounded-full border border-transparent text-ink hover:border-edge"
    >
      <ChartIcon />
    </a>
  )
}
