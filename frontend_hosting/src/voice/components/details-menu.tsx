import { type ReactNode, useId, useState } from 'react'

import { Button } from '../../ui/button.tsx'
import { IconButton } from '../../ui/icon-button.tsx'
import { DetailsIcon } from '../../ui/icons.tsx'
import { Popover } from '../../ui/popover.tsx'
import { useFetched } from '../../ui/use-fetched.ts'
import type { Conversation } from '../conversation.ts'
import type { VoiceState } from '../call-state.ts'
import { useWords } from '../words/use-words.ts'
import { ProblemCard } from './problem-card.tsx'

const fetchPanel = async () => import('./details-panel.tsx')

type Props = { readonly state: VoiceState; readonly conversation: Conversation }

export function DetailsMenu({ state, conversation }: Props): ReactNode {
  const words = useWords()
  const id = useId()
  const [open, setOpen] = useState(false)
  const fetched = useFetched(fetchPanel, open)
  return (
    <>
      <IconButton label={words.details} popoverTarget={id}><DetailsIcon /></IconButton>
      <Popover id={id} label={words.details} onToggle={setOpen} className="w-112">
        {open && fetched.status === 'there' ? <fetched.part.DetailsPanel state={state} conversation={conversation} /> : null}
        {open && fetched.status === 'failed' ? (
          <div className="flex flex-col items-center gap-4">
            <ProblemCard problem={{ code: 'serviceUnreachable', detail: null }} />
            <Button onClick={fetched.retry}>{words.retryOptions}</Button>
          </div>
        ) : null}
      </Popover>
    </>
  )
}
