// PURE. A turn's waterfall as the service stores it, in recordings and in conversations: parts in snake case, unknown ones left out.

import { PARTS, type Waterfall } from './protocol.ts'

/** Null for what is none. */
export function storedWaterfall(stored: unknown): Waterfall | null {
  if (typeof stored !== 'object' || stored === null) return null
  const fields = stored as Readonly<Record<string, unknown>>
  const ms = (name: string): number | null => {
    const value = fields[name.replaceAll(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`)]
    return typeof value === 'number' && Number.isFinite(value) ? value : null
  }
  const totalMs = ms('totalMs')
  return totalMs === null ? null : { ...(Object.fromEntries(PARTS.map((part) => [part, ms(part)])) as Waterfall), totalMs }
}
