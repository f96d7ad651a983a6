import { type ReactNode, useId } from 'react'

type Props = {
  readonly label: string
  readonly hint: string
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
}

/** A setting that is on or off: a checkbox that looks like a switch. */
export function SwitchField({ label, hint, checked, onChange }: Props): ReactNode {
  const id = useId()
  const hintId = `${id}-hint`
  return (
    <label htmlFor={id} className="flex min-h-11 cursor-pointer items-start gap-3 py-2">
      <span className="flex-1">
        <span className="block text-[0.9375rem] font-medium">{label}</span>
        <span id={hintId} className="block text-sm text-soft">{hint}</span>
      </span>
      <input
        id={id}
        type="checkbox"
        role="switch"
        checked={checked}
        aria-checked={checked}
        aria-describedby={hintId}
        onChange={(event) => onChange(event.target.checked)}
        className="relative mt-0.5 h-6 w-10 shrink-0 cursor-pointer appearance-none rounded-full border border-edge bg-paper transition before:absolute before:top-[3px] before:left-[3px] before:h-4 before:w-4 before:rounded-full before:bg-edge before:transition checked:border-accent checked:bg-accent checked:before:translate-x-4 checked:before:bg-on-accent forced-colors:appearance-auto forced-colors:before:hidden"
      />
    </label>
  )
}
