import { type ReactNode, useEffect, useRef } from 'react'

import type { Meters } from '../meters.ts'
import { phaseOf, type VoiceState } from '../call-state.ts'
import { type Said, textOf } from '../thread.ts'
import { useCaption } from './use-caption.ts'

type Props = { readonly state: VoiceState; readonly meters: Meters }

/** The words of the moment, large. The log holds the same text for readers, so this is hidden from them. */
export function Captions({ state, meters }: Props): ReactNode {
  const boxRef = useRef<HTMLDivElement>(null)
  const edgeRef = useRef<HTMLSpanElement>(null)
  const words = currentWords(state)
  const caption = useCaption(words, meters)
  const text = words ? textOf(words) : null

  useEffect(() => {
    // Keep the words that are being said in view, not the end of what is still to come.
    const box = boxRef.current
    const edge = edgeRef.current
    if (words && box && edge) box.scrollTop = Math.max(0, edge.offsetTop - box.clientHeight / 2)
  }, [words, caption])

  return (
    <div
      ref={boxRef}
      aria-hidden="true"
      lang={state.language ?? undefined}
      className="relative max-h-30 w-full max-w-[38rem] overflow-hidden px-2 text-center font-serif text-xl leading-normal text-balance @[40rem]:text-2xl @[40rem]:leading-normal"
    >
      {words && text ? (
        <p className={words.role === 'user' ? 'text-user' : 'text-ink'}>
          <span data-caption="spoken">{caption?.said ?? text.spoken}</span>
          <span ref={edgeRef} />
          {caption ? (
            <>
              {' '}
              <span data-caption="word" className="text-accent underline decoration-2 underline-offset-4">{caption.current}</span>
            </>
          ) : null}
          {(caption?.coming ?? text.coming) === '' ? null : (
            <span data-caption="planned" className="text-soft"> {caption?.coming ?? text.coming}</span>
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
