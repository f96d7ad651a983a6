import type { ReactNode } from 'react'

import { Button } from '../../ui/button.tsx'
import { IconButton } from '../../ui/icon-button.tsx'
import { CloseIcon } from '../../ui/icons.tsx'
import type { Conversation } from '../conversation.ts'
import { isErrorCode } from '../error-codes.ts'
import type { NoticeCode } from '../notices.ts'
import type { ServerError } from '../protocol.ts'
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

type ComplaintProps = { readonly error: ServerError; readonly onDismiss: () => void }

/** What the service complains about; a code that this page does not know is told in the service's own words, which are English. */
export function Complaint({ error, onDismiss }: ComplaintProps): ReactNode {
  const words = useWords()
  const known = isErrorCode(error.code) ? words.errors[error.code] : null
  return (
    <Card onDismiss={onDismiss}>
      {known ? <span data-error={error.code}><strong className="font-semibold">{known.title}.</strong> {known.remedy}</span> : <span lang="en">{error.message}</span>}
    </Card>
  )
}

/** The service will end this call, and why. */
export function Farewell({ leaving }: { readonly leaving: 'max_duration' | 'budget' }): ReactNode {
  const words = useWords()
  return <p role="alert" data-leaving={leaving} className={`${CARD} px-4 py-3`}>{words.farewell[leaving]}</p>
}

const CARD = 'max-w-md rounded-2xl border border-warn/50 bg-surface text-[0.9375rem]'

function Card({ onDismiss, children }: { readonly onDismiss: () => void; readonly children: ReactNode }): ReactNode {
  const words = useWords()
  return (
    <div role="alert" className={`flex items-center gap-2 py-1 pr-1 pl-4 ${CARD}`}>
      <div className="flex-1 py-2">{children}</div>
      <IconButton label={words.dismiss} onClick={onDismiss} className="text-soft"><CloseIcon /></IconButton>
    </div>
  )
}
