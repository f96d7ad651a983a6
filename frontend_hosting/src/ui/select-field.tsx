import type { ReactNode } from 'react'

import { ChevronIcon } from './icons.tsx'

/** `lang`: where the label is not in the language of the page. */
type Choice = { readonly value: string; readonly label: string; readonly lang?: string }

type Props = {
  readonly label: string
  readonly value: string
  readonly choices: readonly Choice[]
  readonly onChange: (value: string) => void
}

/** The platform's own select: it works with every reader, keyboard and phone. */
export function SelectField({ label, value, choices, onChange }: Props): ReactNode {
  return (
    <label className="relative flex min-w-0 flex-1 flex-col rounded-2xl border border-edge bg-surface text-left hover:border-ink has-focus-visible:outline-3 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent">
      <span className="px-4 pt-2 text-xs text-soft">{label}</span>
      <select
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="min-h-9 w-full appearance-none truncate rounded-2xl bg-transparent pr-10 pb-2 pl-4 text-base font-medium text-ink outline-none"
      >
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value} lang={choice.lang} className="bg-raised text-ink">
            {choice.label}
          </option>
        ))}
      </select>
      <span className="pointer-events-none absolute right-3 bottom-3 text-soft">
        <ChevronIcon />
      </span>
    </label>
  )
}
