import { type InputHTMLAttributes, type ReactNode, type Ref, useId } from 'react'

type Props = Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange'> & {
  readonly label: string
  readonly ref?: Ref<HTMLInputElement>
  readonly onText: (text: string) => void
}

/** One line of text with its name inside, above what is typed. */
export function TextField({ label, ref, onText, className = '', ...rest }: Props): ReactNode {
  const id = useId()
  return (
    <div className={`relative flex min-w-0 flex-col rounded-2xl border border-edge bg-surface text-left hover:border-ink has-focus-visible:outline-3 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent ${className}`}>
      <label htmlFor={id} className="px-4 pt-2 text-xs text-soft">{label}</label>
      <input
        ref={ref}
        id={id}
        onChange={({ target }) => onText(target.value)}
        className="min-h-9 w-full rounded-2xl bg-transparent px-4 pb-2 text-base text-ink outline-none"
        {...rest}
      />
    </div>
  )
}
