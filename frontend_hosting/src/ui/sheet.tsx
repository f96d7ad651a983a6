import { type ReactNode, useEffect, useRef } from 'react'

type Props = {
  readonly label: string
  readonly className?: string
  /** It was closed, by Esc or by a click beside it. */
  readonly onClose: () => void
  readonly children: ReactNode
}

/** The browser's own modal dialog, at the side of the window: it holds the focus, closes with Esc, and gives the focus back. */
export function Sheet({ label, className = '', onClose, children }: Props): ReactNode {
  const ref = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const dialog = ref.current
    dialog?.showModal()
    return () => dialog?.close()
  }, [])
  return (
    // The keyboard's way to close is Esc, which the browser itself turns into `close`.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions
    <dialog
      ref={ref}
      aria-label={label}
      onClose={onClose}
      onClick={({ target, currentTarget }) => {
        if (target === currentTarget) currentTarget.close()
      }}
      className={`m-0 ml-auto h-dvh max-h-none max-w-[100vw] border-line bg-paper p-0 text-ink shadow-2xl backdrop:bg-(--veil) @container forced-colors:border ${className}`}
    >
      {children}
    </dialog>
  )
}
