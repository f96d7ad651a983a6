import type { ReactNode } from 'react'

import { CopyIcon } from '../../ui/icons.tsx'
import { IconButton } from '../../ui/icon-button.tsx'
import { asText } from '../transcript-export.ts'
import type { VoiceState } from '../call-state.ts'
import { useWords } from '../words/use-words.ts'
import { SaveMenu } from './save-menu.tsx'
import { useCopy } from './use-copy.ts'

/** Above the conversation: its name, and ways to take it along. */
export function ThreadTools({ state }: { readonly state: VoiceState }): ReactNode {
  const words = useWords()
  const [told, copy] = useCopy()
  return (
    <div className="flex min-h-12 items-center gap-1 border-b border-line py-1 pr-2 pl-5">
      <h2 className="mr-auto text-[0.9375rem] font-semibold">{words.thread}</h2>
      <span aria-live="polite" className="text-sm text-soft">{told}</span>
      {state.thread.length === 0 ? null : (
        <>
          <IconButton label={words.copy} onClick={() => void copy(asText(state.thread, words))}><CopyIcon /></IconButton>
          <SaveMenu record={state} />
        </>
      )}
    </div>
  )
}
