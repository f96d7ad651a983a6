import type { ReactNode, RefObject, ToggleEvent } from 'react'

type Props = {
  readonly id: string
  readonly label: string
  readonly className?: string
  readonly ref?: RefObject<HTMLDivElement | null>
  readonly onToggle?: (open: boolean) => void
  readonly children: ReactNode
}

/** The browser's own popover: it closes with Esc or a click elsewhere, and gives the focus back. */
export function Popover({ id, label, className = '', ref, onToggle, children }: Props): ReactNode {
  return (
    <div
      ref={ref}
      id={id}
      popover="auto"
      role="dialog"
      aria-label={label}
      onToggle={(event: ToggleEvent<HTMLDivElement>) => onToggle?.(event.newState === 'open')}
      className={`inset-auto top-16 right-4 m-0 max-w-[calc(100vw-2rem)] overflow-hidden rounded-3xl border border-line bg-raised p-0 text-ink shadow-xl ${className}`}
    >
      {/* What scrolls has square corners of its own. */}
      <div className="max-h-[calc(100dvh-5rem)] overflow-y-auto overscroll-contain p-5">{children}</div>
    </div>
  )
}
