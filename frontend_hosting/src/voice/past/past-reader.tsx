import { type ReactNode, useEffect, useRef, useState } from 'react'

import { Button } from '../../ui/button.tsx'
import { IconButton } from '../../ui/icon-button.tsx'
import { BackIcon, DeleteIcon, RenameIcon } from '../../ui/icons.tsx'
import { ProblemCard } from '../components/problem-card.tsx'
import { SaveMenu } from '../components/save-menu.tsx'
import { Transcript } from '../components/transcript.tsx'
import type { Problem } from '../problems.ts'
import { useWords } from '../words/use-words.ts'
import { Confirm } from './confirm.tsx'
import { recordOf, threadOf, type WholeConversation } from './conversations.ts'
import { dayName, timeOfDay } from './days.ts'
import type { Reading } from './library.ts'
import { Waiting } from './past-list.tsx'
import { RenameForm } from './rename-form.tsx'

type Props = {
  readonly reading: Exclude<Reading, { readonly status: 'none' }>
  readonly nowMs: number
  /** Of the last change. */
  readonly problem: Problem | null
  readonly busy: boolean
  readonly signInAgain: ReactNode
  readonly onBack: () => void
  readonly onRetry: () => void
  readonly onContinue: (whole: WholeConversation) => void
  readonly onRename: (title: string) => Promise<boolean>
  readonly onDelete: (title: string) => Promise<void>
}

/** One past conversation: everything that was said, and what can be done with it. */
export function PastReader(props: Props): ReactNode {
  const words = useWords()
  const { reading, signInAgain, onBack, onRetry } = props
  if (reading.status === 'there') return <Read {...props} whole={reading.whole} />
  return (
    <>
      <div className="flex items-center border-b border-line p-2"><Back onBack={onBack} /></div>
      <div className="flex flex-col items-center gap-4 overflow-y-auto p-6">
        {reading.status === 'loading' ? <Waiting text={words.past.reading} rows={5} /> : <ProblemCard problem={reading.problem} />}
        {reading.status !== 'failed' ? null : reading.problem.code === 'signInRequired' ? signInAgain : <Button onClick={onRetry}>{words.retryOptions}</Button>}
      </div>
    </>
  )
}

/** Where both stand side by side there is nothing to go back to. */
function Back({ onBack }: { readonly onBack: () => void }): ReactNode {
  return <IconButton label={useWords().past.back} className="@[44rem]:hidden" onClick={onBack}><BackIcon /></IconButton>
}

function Read({ whole, nowMs, problem, busy, onBack, onContinue, onRename, onDelete }: Props & { readonly whole: WholeConversation }): ReactNode {
  const words = useWords()
  const { past, locale } = words
  const [doing, setDoing] = useState<'reading' | 'renaming' | 'deleting'>('reading')
  const headingRef = useRef<HTMLHeadingElement>(null)
  // Whoever opened it is taken there, as the button that was pressed may not be in sight any more.
  useEffect(() => headingRef.current?.focus(), [])
  const stop = (): void => {
    setDoing('reading')
    requestAnimationFrame(() => headingRef.current?.focus())
  }
  const title = whole.title ?? past.untitled
  return (
    <>
      <div className="flex items-start gap-1 border-b border-line py-2 pr-2 pl-2 @[44rem]:pl-5">
        <Back onBack={onBack} />
        <div className="mr-auto min-w-0 py-2">
          <h3 ref={headingRef} tabIndex={-1} className="text-base leading-snug font-semibold wrap-anywhere outline-offset-4">{title}</h3>
          <p className="text-[0.8125rem] text-soft tabular-nums">
            {dayName(whole.begunAtMs, nowMs, locale)}, {timeOfDay(whole.begunAtMs, locale)} · {past.turns(whole.turnCount)}
          </p>
        </div>
        <IconButton label={past.rename} onClick={() => setDoing('renaming')}><RenameIcon /></IconButton>
        <SaveMenu record={recordOf(whole)} />
        <IconButton label={past.delete} onClick={() => setDoing('deleting')}><DeleteIcon /></IconButton>
      </div>
      {doing === 'reading' ? null : (
        <div className="border-b border-line p-4">
          {doing === 'renaming' ? (
            <RenameForm
              title={whole.title ?? ''}
              busy={busy}
              onCancel={stop}
              onRename={async (next) => {
                if (await onRename(next)) stop()
              }}
            />
          ) : (
            <Confirm
              ask={past.deleteAsk} texts={[past.deleteText]} doIt={past.deleteDo} keep={past.keep} busy={busy}
              onKeep={stop} onDo={() => void onDelete(title)}
            />
          )}
          {problem ? <div className="mt-3"><ProblemCard problem={problem} /></div> : null}
        </div>
      )}
      <Transcript thread={threadOf(whole)} announce={false} language={null} label={title} startAtTop />
      <div className="flex flex-col items-center gap-2 border-t border-line px-5 py-4 text-center">
        <Button kind="primary" onClick={() => onContinue(whole)}>{past.continue}</Button>
        <p className="max-w-lg text-sm text-soft">{past.continueHint} {words.consent}</p>
      </div>
    </>
  )
}
