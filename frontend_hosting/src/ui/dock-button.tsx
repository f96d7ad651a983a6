import type { ButtonHTMLAttributes, ReactNode } from 'react'

type Tone = 'neutral' | 'on' | 'danger' | 'talk'

const TONES: Readonly<Record<Tone, string>> = {
  neutral: 'border-line bg-raised text-ink group-hover:border-edge',
  on: 'border-transparent bg-ink text-paper',
  danger: 'border-transparent bg-danger text-on-danger group-hover:brightness-110',
  talk: 'border-transparent bg-user text-paper',
}

type Props = ButtonHTMLAttributes<HTMLButtonElement> & {
  readonly icon: ReactNode
  readonly label: string
  readonly tone?: Tone
  /** The key that does the same, shown where there is a keyboard. */
  readonly shortcut?: string | undefined
}

/** One control of a toolbar: a round icon with its name beneath. */
export function DockButton({ icon, label, tone = 'neutral', shortcut, className = '', ...rest }: Props): ReactNode {
  return (
    <button
      type="button"
      className={`group flex min-w-16 flex-col items-center gap-1.5 rounded-2xl px-1 py-1 text-[0.8125rem] font-medium text-ink select-none disabled:text-soft ${className}`}
      {...rest}
    >
      <span
        className={`flex h-13 w-13 items-center justify-center rounded-full border transition group-disabled:border-line group-disabled:bg-transparent group-disabled:text-soft ${TONES[tone]}`}
      >
        {icon}
      </span>
      <span className="flex items-center gap-1.5 whitespace-nowrap">
        {label}
        {shortcut ? (
          <kbd aria-hidden="true" className="hidden rounded border border-line px-1 font-sans text-[0.6875rem] text-soft @5xl:inline">
            {shortcut}
          </kbd>
        ) : null}
      </span>
    </button>
  )
}
