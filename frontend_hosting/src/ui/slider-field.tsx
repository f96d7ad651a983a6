import { type ReactNode, useId } from 'react'

type Props = {
  readonly label: string
  readonly hint?: string
  readonly value: number
  readonly least: number
  readonly most: number
  readonly step: number
  /** The value in words, beside the label and for readers. */
  readonly shown: string
  readonly onChange: (value: number) => void
}

/** A number between two others: the platform's own slider. */
export function SliderField({ label, hint, value, least, most, step, shown, onChange }: Props): ReactNode {
  const id = useId()
  return (
    <div>
      <label htmlFor={id} className="flex items-baseline justify-between gap-3 text-[0.9375rem] font-medium">
        {label}
        <span className="text-soft tabular-nums">{shown}</span>
      </label>
      <input
        id={id}
        type="range"
        min={least}
        max={most}
        step={step}
        value={value}
        aria-valuetext={shown}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={(event) => onChange(event.target.valueAsNumber)}
        className="h-11 w-full cursor-pointer accent-accent"
      />
      {hint === undefined ? null : <p id={`${id}-hint`} className="-mt-1 text-sm text-soft">{hint}</p>}
    </div>
  )
}
