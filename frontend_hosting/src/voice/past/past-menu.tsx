import { type ReactNode, useState } from 'react'

import { Button } from '../../ui/button.tsx'
import { IconButton } from '../../ui/icon-button.tsx'
import { HistoryIcon } from '../../ui/icons.tsx'
import { Sheet } from '../../ui/sheet.tsx'
import { useFetched } from '../../ui/use-fetched.ts'
import { ProblemCard } from '../components/problem-card.tsx'
import type { Keepsake } from '../keepsake.ts'
import { useWords } from '../words/use-words.ts'
import type { Archive } from './archive.ts'

const fetchSheet = async () => import('./past-sheet.tsx')

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
  const words = useWords()
  const { open: label } = words.past
  const [open, setOpen] = useState(false)
  const fetched = useFetched(fetchSheet, open)
  const close = (): void => setOpen(false)
  return (
    <>
      <IconButton label={label} aria-haspopup="dialog" onClick={() => setOpen(true)}><HistoryIcon /></IconButton>
      {open && fetched.status === 'there' ? <fetched.part.PastSheet {...props} onClose={close} /> : null}
      {open && fetched.status === 'failed' ? (
        <Sheet label={label} onClose={close} className="w-[28rem]">
          <div className="flex flex-col items-center gap-4 p-6">
            <ProblemCard problem={{ code: 'serviceUnreachable', detail: null }} />
            <div className="flex gap-3">
              <Button onClick={fetched.retry}>{words.retryOptions}</Button>
              <Button kind="plain" onClick={close}>{words.past.close}</Button>
            </div>
          </div>
        </Sheet>
      ) : null}
    </>
  )
}
