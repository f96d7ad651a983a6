import type { ReactNode } from 'react'

import { Button } from '../../ui/button.tsx'
import { IconButton } from '../../ui/icon-button.tsx'
import { CloseIcon } from '../../ui/icons.tsx'
import type { Conversation } from '../conversation.ts'
import type { NoticeCode } from '../notices.ts'
import { useWords } from '../words/use-words.ts'

/** `handsFree`: push to talk can be offered, for it is not on yet. */
type Props = { readonly notice: NoticeCode; readonly handsFree: boolean; readonly conversation: Conversation }

/** What happened to the sound, and the button that helps where one does. */
export function NoticeCard({ notice, handsFree, conversation }: Props): ReactNode {
  const words = useWords()
  return (
    <Card onDismiss={() => conversation.dismissNotice()}>
      <span data-notice={notice}>{words.notices[notice]}</span>
      {notice === 'echo' && handsFree ? (
        <Button
          kind="plain"
          className="-ml-3"
          onClick={() => {
            conversation.toggleMode()
            conversation.dismissNotice()
          }}
        >
          {words.usePushToTalk}
        </Button>
      ) : null}
      {notice === 'soundSuspended' ? <Button kind="plain" className="-ml-3" onClick={() => conversation.wake()}>{words.soundOn}</Button> : null}
    </Card>
  )
}

type ComplaintProps = { readonly text: string; readonly onDismiss: () => void }

/** What the service complains about, in its own words, which are English. */
export function Complaint({ text, onDismiss }: ComplaintProps): ReactNode {
  return <Card onDismiss={onDismiss}><span lang="en">{text}</span></Card>
}

function Card({ onDismiss, children }: { readonly onDismiss: () => void; readonly children: ReactNode }): ReactNode {
  const words = useWords()
  return (
    <div role="alert" className="flex max-w-md items-center gap-2 rounded-2xl border border-warn/50 bg-surface py-1 pr-1 pl-4 text-[0.9375rem]">
      <div className="flex-1 py-2">{children}</div>
      <IconButton label={words.dismiss} onClick={onDismiss} className="text-soft"><CloseIcon /></IconButton>
    </div>
  )
}
