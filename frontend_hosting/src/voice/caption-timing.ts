// PURE. Which word of a reply is being heard? The service gives no word times, but text and sound arrive in order: where
// each sentence begins in the sound is known, and within it the words are spread by their length.

export type Planned = {
  readonly segments: readonly string[]
  /** Where in the reply's sound each segment begins. */
  readonly startsMs: readonly number[]
}

export type Caption = { readonly said: string; readonly current: string; readonly coming: string }

/** Of sound that has not arrived yet one can only guess how long it is: this is brisk speech. */
const GUESSED_MS_PER_CHARACTER = 60

export function captionAt({ segments, startsMs }: Planned, positionMs: number, arrivedMs: number): Caption {
  const text = segments.map((segment) => segment.trim())
  const index = Math.max(0, startsMs.findLastIndex((startMs) => startMs <= positionMs))
  const segment = text[index] ?? ''
  const startMs = startsMs[index] ?? 0
  const endMs = startsMs[index + 1] ?? Math.max(arrivedMs, startMs + segment.length * GUESSED_MS_PER_CHARACTER)
  const share = endMs <= startMs ? 1 : Math.min(1, Math.max(0, (positionMs - startMs) / (endMs - startMs)))
  const [from, to] = wordAt(segment, share * segment.length)
  return {
    said: joined([...text.slice(0, index), segment.slice(0, from)]),
    current: segment.slice(from, to),
    coming: joined([segment.slice(to), ...text.slice(index + 1)]),
  }
}

/** From where to where the word goes that holds this character; a gap belongs to the word before it. */
function wordAt(text: string, character: number): readonly [number, number] {
  let found: readonly [number, number] = [0, 0]
  for (const match of text.matchAll(/\S+/gu)) {
    if (match.index > 0 && match.index > character) break
    found = [match.index, match.index + match[0].length]
  }
  return found
}

function joined(parts: readonly string[]): string {
  return parts.map((part) => part.trim()).filter(Boolean).join(' ')
}
