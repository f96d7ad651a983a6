import type { ButtonHTMLAttributes, ReactNode } from 'react'

type Props = ButtonHTMLAttributes<HTMLButtonElement> & { readonly label: string }

/** A round button with a picture; its name is for readers and on hover. */
export function IconButton({ label, className = '', children, ...rest }: Props): ReactNode {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={`flex h-11 w-11 shrink-0 items-center justify-center rounded-full border border-transparent text-ink -outline-offset-3 hover:border-edge ${className}`}
      {...rest}
    >
      {children}
    </button>
  )
}
