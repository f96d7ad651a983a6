import { type ReactNode, useEffect, useRef } from 'react'

import { phaseOf, type VoiceState } from '../session.ts'
import { type Said, textOf } from '../thread.ts'

/** The words of the moment, large. The log holds the same text for readers, so this is hidden from them. */
export function Captions({ state }: { readonly state: VoiceState }): ReactNode {
  const boxRef = useRef<HTMLDivElement>(null)
  const edgeRef = useRef<HTMLSpanElement>(null)
  const said = currentWords(state)
  const text = said ? textOf(said) : null

  useEffect(() => {
    // Keep the words that are being said in view, not the end of what is still to come.
    const box = boxRef.current
    const edge = edgeRef.current
    if (said && box && edge) box.scrollTop = Math.max(0, edge.offsetTop - box.clientHeight / 2)
  }, [said])

  return (
    <div
      ref={boxRef}
      aria-hidden="true"
      className="relative max-h-30 w-full max-w-[38rem] overflow-hidden px-2 text-center font-serif text-xl leading-normal text-balance sm:text-2xl sm:leading-normal"
    >
      {said && text ? (
        <p className={said.role === 'user' ? 'text-user' : 'text-ink'}>
          <span data-caption="spoken">{text.spoken}</span>
          <span ref={edgeRef} />
          {text.coming === '' ? null : (
            <span data-caption="planned" className="text-soft"> {text.coming}</span>
          )}
        </p>
      ) : null}
    </div>
  )
}

/** While the user speaks or waits, their words; otherwise the reply's. */
function currentWords(state: VoiceState): Said | undefined {
  const phase = phaseOf(state)
  if (state.call.status !== 'live') return undefined
  const last = state.thread.findLast((entry) => entry.kind === 'said')
  if (phase === 'hearing' && last?.role === 'assistant' && last.outcome === 'interrupted') return undefined
  return last
}
