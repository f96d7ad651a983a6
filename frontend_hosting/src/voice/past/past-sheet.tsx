import { type ReactNode, useRef, useState } from 'react'

import { IconButton } from '../../ui/icon-button.tsx'
import { CloseIcon } from '../../ui/icons.tsx'
import { Sheet } from '../../ui/sheet.tsx'
import { useWords } from '../words/use-words.ts'
import { continuing } from './conversations.ts'
import { ForgetMe } from './forget-me.tsx'
import { PastList } from './past-list.tsx'
import type { PastProps } from './past-menu.tsx'
import { PastReader } from './past-reader.tsx'
import { useLibrary } from './use-library.ts'

/** All past conversations beside the one that is read; on a phone one or the other. */
export function PastSheet({ archive, signInAgain, onContinue, onForgotten, onClose }: PastProps & { readonly onClose: () => void }): ReactNode {
  const words = useWords().past
  const [library, state] = useLibrary(archive)
  const { reading } = state
  const [told, setTold] = useState('')
  const [nowMs] = useState(() => Date.now())
  const [forgetting, setForgetting] = useState(false)
  const sheetRef = useRef<HTMLDivElement>(null)
  const isReading = reading.status !== 'none'
  /** Whatever had the focus is gone; the list is where one goes on. */
  const toList = (): void => {
    library.close()
    requestAnimationFrame(() => sheetRef.current?.querySelector<HTMLElement>('[data-past=list]')?.focus())
  }
  return (
    <Sheet label={words.open} onClose={onClose} className="w-[64rem]">
      <div ref={sheetRef} className="flex h-full flex-col">
        <div className="flex items-center gap-2 border-b border-line py-2 pr-2 pl-5">
          <h2 className="mr-auto font-serif text-xl font-medium tracking-tight">{words.open}</h2>
          <IconButton label={words.close} onClick={onClose}><CloseIcon /></IconButton>
        </div>
        <p role="status" className={told === '' ? 'sr-only' : 'border-b border-line bg-surface px-5 py-2 text-[0.9375rem] text-soft'}>{told}</p>
        <div className="flex min-h-0 flex-1">
          <section aria-label={words.back} className={`min-h-0 w-full flex-col border-line @[44rem]:flex @[44rem]:w-88 @[44rem]:shrink-0 @[44rem]:border-r ${isReading ? 'hidden' : 'flex'}`}>
            {forgetting ? (
              <ForgetMe
                state={state}
                onKeep={() => setForgetting(false)}
                onForget={async () => {
                  if (!(await library.forget())) return
                  setForgetting(false)
                  setTold(words.forgotten)
                  onForgotten(null)
                }}
              />
            ) : (
              <PastList
                state={state}
                nowMs={nowMs}
                signInAgain={signInAgain}
                onRead={(id) => {
                  setTold('')
                  void library.read(id)
                }}
                onOlder={() => void library.older()}
                onRetry={() => void library.refresh()}
                onForget={() => {
                  setTold('')
                  setForgetting(true)
                }}
              />
            )}
          </section>
          <section aria-label={words.title} className={`min-h-0 min-w-0 flex-1 flex-col @[44rem]:flex ${isReading ? 'flex' : 'hidden'}`}>
            {isReading ? (
              <PastReader
                key={reading.id}
                nowMs={nowMs}
                reading={reading}
                problem={state.problem}
                busy={state.busy}
                signInAgain={signInAgain}
                onBack={toList}
                onRetry={() => void library.read(reading.id)}
                onContinue={(whole) => {
                  onClose()
                  onContinue(continuing(whole))
                }}
                onRename={async (title) => {
                  const done = await library.rename(reading.id, title)
                  if (done) setTold(words.renamed)
                  return done
                }}
                onDelete={async (title) => {
                  if (!(await library.remove(reading.id))) return
                  setTold(words.deleted(title))
                  onForgotten(reading.id)
                  toList()
                }}
              />
            ) : (
              <p className="m-auto p-8 text-center text-soft">{state.conversations.length > 0 ? words.choose : ''}</p>
            )}
          </section>
        </div>
      </div>
    </Sheet>
  )
}
