import { type ReactNode, useId, useRef } from 'react'

import { SaveIcon } from '../../ui/icons.tsx'
import { IconButton } from '../../ui/icon-button.tsx'
import { Popover } from '../../ui/popover.tsx'
import { saveFile } from '../../ui/save-file.ts'
import { type ExportFormat, exported, type TranscriptRecord } from '../transcript-export.ts'
import { useWords } from '../words/use-words.ts'

const FORMATS: readonly ExportFormat[] = ['text', 'json', 'webvtt']

/** A conversation as a file, in one of three forms. */
export function SaveMenu({ record }: { readonly record: TranscriptRecord }): ReactNode {
  const words = useWords()
  const id = useId()
  const menuRef = useRef<HTMLDivElement>(null)
  return (
    <>
      <IconButton label={words.save} popoverTarget={id}><SaveIcon /></IconButton>
      <Popover ref={menuRef} id={id} label={words.save} className="w-60" atButton>
        {FORMATS.map((format) => (
          <button
            key={format}
            type="button"
            onClick={() => {
              saveFile(exported(format, record, words))
              menuRef.current?.hidePopover()
            }}
            className="block min-h-11 w-full rounded-xl px-3 text-left text-[0.9375rem] hover:bg-surface"
          >
            {words.saveAs[format]}
          </button>
        ))}
      </Popover>
    </>
  )
}
