import { lazy, type ReactNode, Suspense, useState } from 'react'

import { IconButton } from '../../ui/icon-button.tsx'
import { HistoryIcon } from '../../ui/icons.tsx'
import type { Keepsake } from '../keepsake.ts'
import { useWords } from '../words/use-words.ts'
import type { Archive } from './archive.ts'

const PastSheet = lazy(async () => ({ default: (await import('./past-sheet.tsx')).PastSheet }))

export type PastProps = {
  readonly archive: Archive
  /** Go on with one of them. */
  readonly onContinue: (past: Keepsake) => void
  /** One of them is gone, or all (null). */
  readonly onForgotten: (conversationId: string | null) => void
  /** Stands below the problem that one must sign in again. */
  readonly signInAgain: ReactNode
}

/** The way to the past conversations; what is behind it is fetched when it is wanted. */
export function PastMenu(props: PastProps): ReactNode {
  const { open: label } = useWords().past
  const [open, setOpen] = useState(false)
  return (
    <>
      <IconButton label={label} aria-haspopup="dialog" onClick={() => setOpen(true)}><HistoryIcon /></IconButton>
      {open ? <Suspense fallback={null}><PastSheet {...props} onClose={() => setOpen(false)} /></Suspense> : null}
    </>
  )
}
