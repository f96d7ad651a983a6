import { type ReactNode, useEffect, useId, useRef } from 'react'

import { Button } from '../../ui/button.tsx'

type Props = {
  readonly ask: string
  readonly texts: readonly string[]
  readonly doIt: string
  readonly keep: string
  readonly busy: boolean
  readonly onDo: () => void
  readonly onKeep: () => void
  readonly children?: ReactNode
}

/** What cannot be undone is asked for once more, where it was asked for; the harmless answer has the focus. */
export function Confirm({ ask, texts, doIt, keep, busy, onDo, onKeep, children }: Props): ReactNode {
  const id = useId()
  const keepRef = useRef<HTMLDivElement>(null)
  useEffect(() => keepRef.current?.querySelector('button')?.focus(), [])
  return (
    <div role="alertdialog" aria-labelledby={`${id}-ask`} aria-describedby={`${id}-text`} className="flex flex-col gap-3 rounded-3xl border border-danger/50 bg-surface p-5 forced-colors:border-2">
      <h3 id={`${id}-ask`} className="font-semibold text-danger">{ask}</h3>
      <div id={`${id}-text`} className="flex flex-col gap-2 text-[0.9375rem]">{texts.map((text) => <p key={text}>{text}</p>)}</div>
      {children}
      <div ref={keepRef} className="flex flex-wrap gap-3">
        <Button onClick={onKeep}>{keep}</Button>
        <Button kind="danger" disabled={busy} onClick={onDo}>{doIt}</Button>
      </div>
    </div>
  )
}
