import type { ButtonHTMLAttributes, ReactNode } from 'react'

type Kind = 'primary' | 'quiet' | 'plain' | 'danger'

const KINDS: Readonly<Record<Kind, string>> = {
  primary: 'bg-accent text-on-accent hover:brightness-110 active:brightness-95 px-7 font-semibold shadow-sm border border-transparent',
  danger: 'border border-transparent bg-danger px-5 font-semibold text-on-danger hover:brightness-110',
  quiet: 'border border-edge bg-surface text-ink hover:border-ink px-5 font-medium',
  plain: 'text-ink underline decoration-edge underline-offset-4 hover:decoration-ink px-3 font-medium',
}

type Props = ButtonHTMLAttributes<HTMLButtonElement> & { readonly kind?: Kind }

/** A button with words, never smaller than a fingertip. */
export function Button({ kind = 'quiet', className = '', children, ...rest }: Props): ReactNode {
  return (
    <button
      type="button"
      className={`inline-flex min-h-12 items-center justify-center gap-2 rounded-full text-base transition ${KINDS[kind]} ${className}`}
      {...rest}
    >
      {children}
    </button>
  )
}
