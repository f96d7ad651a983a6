import type { ReactNode } from 'react'

import type { Meters } from '../meters.ts'
import { type Said, textOf } from '../thread.ts'
import { useCaption } from './use-caption.ts'

/** A reply under way, with the word that is heard marked. Readers get the sentences that are over, each as a whole. */
export function WordsBeingSaid({ said, meters }: { readonly said: Said; readonly meters: Meters }): ReactNode {
  const caption = useCaption(said, meters)
  const { spoken, coming } = textOf(said)
  if (!caption) {
    return (
      <>
        {spoken}
        {coming === '' ? null : <span aria-hidden="true" className="text-soft">{spoken === '' ? '' : ' '}{coming}</span>}
      </>
    )
  }
  return (
    <>
      <span className="sr-only select-none">{spoken}</span>
      <span aria-hidden="true">
        {caption.said}{caption.said === '' ? '' : ' '}
        {/* Where there is room for large captions those carry the line. */}
        <span data-heard="word" className="text-accent underline decoration-2 underline-offset-4 @5xl:no-underline">{caption.current}</span>
        {caption.coming === '' ? null : <span className="text-soft"> {caption.coming}</span>}
      </span>
    </>
  )
}
