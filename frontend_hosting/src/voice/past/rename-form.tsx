import { type ReactNode, useEffect, useRef, useState } from 'react'

import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/text-field.tsx'
import { useWords } from '../words/use-words.ts'

type Props = {
  readonly title: string
  readonly busy: boolean
  readonly onRename: (title: string) => Promise<void>
  readonly onCancel: () => void
}

/** As long as the service takes. */
const TITLE_CHARS = 200

export function RenameForm({ title, busy, onRename, onCancel }: Props): ReactNode {
  const words = useWords()
  const [text, setText] = useState(title)
  const fieldRef = useRef<HTMLInputElement>(null)
  useEffect(() => fieldRef.current?.select(), [])
  const next = text.trim()
  return (
    <form
      className="flex flex-wrap items-center gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (next !== '') void onRename(next.toWellFormed())
      }}
    >
      <TextField ref={fieldRef} label={words.past.title} value={text} maxLength={TITLE_CHARS} onText={setText} className="min-w-48 flex-1" />
      <Button type="submit" disabled={busy || next === ''}>{words.past.saveTitle}</Button>
      <Button kind="plain" onClick={onCancel}>{words.cancel}</Button>
    </form>
  )
}
