import type { ReactNode, RefObject, ToggleEvent } from 'react'

type Props = {
  readonly id: string
  readonly label: string
  readonly className?: string
  readonly ref?: RefObject<HTMLDivElement | null>
  readonly onToggle?: (open: boolean) => void
  /** At the button that opens it, which is not in the header. */
  readonly atButton?: boolean
  readonly children: ReactNode
}

/** The browser's own popover: it closes with Esc or a click elsewhere, and gives the focus back. */
export function Popover({ id, label, className = '', ref, onToggle, atButton = false, children }: Props): ReactNode {
  return (
    <div
      ref={ref}
      id={id}
      popover="auto"
      role="dialog"
      aria-label={label}
      onBeforeToggle={({ currentTarget, newState }: ToggleEvent<HTMLDivElement>) => {
        if (atButton && newState === 'open') placeAtButton(currentTarget)
      }}
      onToggle={(event: ToggleEvent<HTMLDivElement>) => onToggle?.(event.newState === 'open')}
      className={`inset-auto top-16 right-4 m-0 max-w-[calc(100vw-2rem)] overflow-hidden rounded-3xl border border-line bg-raised p-0 text-ink shadow-xl ${className}`}
    >
      {/* What scrolls has square corners of its own. */}
      <div className="max-h-[calc(100dvh-5rem)] overflow-y-auto overscroll-contain p-5">{children}</div>
    </div>
  )
}

const GAP_PX = 4

/** Below its button, or above it where there is more room. */
function placeAtButton(popover: HTMLElement): void {
  const button = document.querySelector(`[popovertarget="${CSS.escape(popover.id)}"]`)
  if (!button) return
  const { top, bottom, right } = button.getBoundingClientRect()
  const { clientWidth, clientHeight } = document.documentElement
  const below = bottom < clientHeight / 2
  Object.assign(popover.style, {
    top: below ? `${bottom + GAP_PX}px` : 'auto',
    bottom: below ? 'auto' : `${clientHeight - top + GAP_PX}px`,
    right: `${Math.max(GAP_PX, clientWidth - right)}px`,
  })
}
