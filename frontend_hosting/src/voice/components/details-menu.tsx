import { lazy, type ReactNode, Suspense, useId, useState } from 'react'

import { IconButton } from '../../ui/icon-button.tsx'
import { DetailsIcon } from '../../ui/icons.tsx'
import { Popover } from '../../ui/popover.tsx'
import type { Conversation } from '../conversation.ts'
import type { VoiceState } from '../session.ts'
import { useWords } from '../words/use-words.ts'

const DetailsPanel = lazy(async () => ({ default: (await import('./details-panel.tsx')).DetailsPanel }))

type Props = { readonly state: VoiceState; readonly conversation: Conversation }

export function DetailsMenu({ state, conversation }: Props): ReactNode {
  const words = useWords()
  const id = useId()
  const [open, setOpen] = useState(false)
  return (
    <>
      <IconButton label={words.details} popoverTarget={id}><DetailsIcon /></IconButton>
      <Popover id={id} label={words.details} onToggle={setOpen} className="w-112">
        {open ? <Suspense fallback={null}><DetailsPanel state={state} conversation={conversation} /></Suspense> : null}
      </Popover>
    </>
  )
}
