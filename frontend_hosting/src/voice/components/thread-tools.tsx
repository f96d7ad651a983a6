import { type ReactNode, useId, useRef, useState } from 'react'

import { CopyIcon, SaveIcon } from '../../ui/icons.tsx'
import { IconButton } from '../../ui/icon-button.tsx'
import { Popover } from '../../ui/popover.tsx'
import { saveFile } from '../../ui/save-file.ts'
import { asText, type ExportFormat, exported } from '../transcript-export.ts'
import type { VoiceState } from '../session.ts'
import { useWords } from '../words/use-words.ts'

const FORMATS: readonly ExportFormat[] = ['text', 'json', 'webvtt']

/** Above the conversation: its name, and ways to take it along. */
export function ThreadTools({ state }: { readonly state: VoiceState }): ReactNode {
  const words = useWords()
  const id = useId()
  const menuRef = useRef<HTMLDivElement>(null)
  const [told, setTold] = useState('')
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(asText(state.thread, words))
      setTold(words.copied)
    } catch {
      setTold(words.copyFailed)
    }
  }
  return (
    <div className="flex min-h-12 items-center gap-1 border-b border-line py-1 pr-2 pl-5">
      <h2 className="mr-auto text-[0.9375rem] font-semibold">{words.thread}</h2>
      <span aria-live="polite" className="text-sm text-soft">{told}</span>
      {state.thread.length === 0 ? null : (
        <>
          <IconButton label={words.copy} onClick={() => void copy()}><CopyIcon /></IconButton>
          <IconButton label={words.save} popoverTarget={id}><SaveIcon /></IconButton>
          <Popover ref={menuRef} id={id} label={words.save} className="w-60">
            {FORMATS.map((format) => (
              <button
                key={format}
                type="button"
                onClick={() => {
                  saveFile(exported(format, state, words))
                  menuRef.current?.hidePopover()
                }}
                className="block min-h-11 w-full rounded-xl px-3 text-left text-[0.9375rem] hover:bg-surface"
              >
                {words.saveAs[format]}
              </button>
            ))}
          </Popover>
        </>
      )}
    </div>
  )
}
