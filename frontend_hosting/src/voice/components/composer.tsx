import { type ReactNode, useState } from 'react'

import { SendIcon } from '../../ui/icons.tsx'
import { useWords } from '../words/use-words.ts'

type Props = { readonly disabled: boolean; readonly maxLength: number; readonly onSend: (text: string) => void }

/** Typed input, in the same thread as speech. */
export function Composer({ disabled, maxLength, onSend }: Props): ReactNode {
  const words = useWords()
  const [text, setText] = useState('')
  const empty = text.trim() === ''
  return (
    <form
      className="flex items-center gap-2 border-t border-line px-4 py-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (empty || disabled) return
        onSend(text)
        setText('')
      }}
    >
      <input
        value={text}
        onChange={(event) => setText(event.target.value)}
        disabled={disabled}
        maxLength={maxLength}
        aria-label={words.composerLabel}
        placeholder={words.composerPlaceholder}
        autoComplete="off"
        enterKeyHint="send"
        className="min-h-11 min-w-0 flex-1 rounded-full border border-edge bg-raised px-4 text-base text-ink placeholder:text-soft disabled:border-line"
      />
      <button
        type="submit"
        disabled={disabled || empty}
        aria-label={words.send}
        className="flex h-11 w-11 shrink-0 items-center justify-center rounded-full bg-accent text-on-accent transition disabled:bg-line disabled:text-soft"
      >
        <SendIcon />
      </button>
    </form>
  )
}
