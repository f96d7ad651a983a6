// PURE. A flight recording as the developer's view draws it: loudness over time, states, the words it holds, and each turn's figures.

import type { Waterfall } from '../voice/protocol.ts'
import { storedWaterfall } from '../voice/stored-waterfall.ts'

export type Seen = {
  readonly sessionId: string
  readonly lengthS: number
  readonly truncated: boolean
  readonly user: readonly Level[]
  readonly assistant: readonly Level[]
  readonly states: readonly { readonly fromS: number; readonly state: string }[]
  readonly words: readonly { readonly atS: number; readonly role: string; readonly text: string }[]
  readonly turns: readonly TurnSeen[]
}
export type TurnSeen = {
  readonly atS: number
  readonly turn: number
  readonly outcome: string
  readonly costUsd: number
  readonly waterfall: Waterfall | null
}
type Level = { readonly atS: number; readonly level: number }
type Said = { readonly '@'?: string; readonly event?: { readonly '@'?: string; readonly role?: unknown; readonly text?: unknown } }

type Figures = { readonly outcome: string; readonly cost_nano_usd: number; readonly waterfall: unknown }

const LOUDEST = 32_767

/** Null for what is no recording. */
export function readRecording(text: string): Seen | null {
  try {
    const [head, ...lines] = text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as unknown)
    const { now, terms } = head as { readonly now: number; readonly terms: { readonly session_id: string } }
    return typeof now === 'number' ? seen(terms.session_id, now, lines as unknown[][]) : null
  } catch {
    return null
  }
}

function seen(sessionId: string, began: number, lines: readonly unknown[][]): Seen {
  const user: Level[] = []
  const assistant: Level[] = []
  const states: { fromS: number; state: string }[] = []
  const words: { atS: number; role: string; text: string }[] = []
  const turns: TurnSeen[] = []
  let lengthS = 0
  let truncated = false
  for (const line of lines) {
    const [kind, at] = line
    if (kind === 'truncated') truncated = true
    if (typeof at !== 'number' || kind === 'j') continue
    const atS = at - began
    lengthS = Math.max(lengthS, atS)
    if (kind === 'a' && Number(line[6]) >= 0) user.push({ atS, level: Number(line[6]) / LOUDEST })
    if (kind === 'm') assistant.push({ atS, level: Number(line[5]) / LOUDEST })
    if (kind === 's') states.push({ fromS: atS, state: String(line[2]) })
    if (kind === 'f') turns.push(turnSeen(atS, Number(line[2]), line[3] as Figures))
    const said = kind === 'e' ? (line[2] as Said).event : undefined
    if (said?.['@'] === 'wire.sonic_output.TextOutput') words.push({ atS, role: String(said.role), text: String(said.text) })
  }
  return { sessionId, lengthS, truncated, user, assistant, states, words, turns }
}

function turnSeen(atS: number, turn: number, { outcome, cost_nano_usd: nano, waterfall }: Figures): TurnSeen {
  return { atS, turn, outcome: String(outcome), costUsd: nano / 1e9, waterfall: storedWaterfall(waterfall) }
}
