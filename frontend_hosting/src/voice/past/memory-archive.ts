// An archive that lives as long as the page, for the stories and the tests; archive.test.ts holds it and the real one to
// the same contract.

import { type Archive, ArchiveError, PAGE } from './archive.ts'
import type { PastConversation, PastTurn, WholeConversation } from './conversations.ts'

export class MemoryArchive implements Archive {
  readonly #page: number
  #conversations: readonly WholeConversation[]

  /** The newest first. */
  constructor(conversations: readonly WholeConversation[], page = PAGE) {
    this.#conversations = conversations
    this.#page = page
  }

  async list(before: string | null): ReturnType<Archive['list']> {
    const from = before === null ? 0 : this.#conversations.findIndex(({ id }) => id === before) + 1
    const shown = this.#conversations.slice(from, from + this.#page)
    const more = from + this.#page < this.#conversations.length
    return Promise.resolve({ conversations: shown.map(summaryOf), next: more ? (shown.at(-1)?.id ?? null) : null })
  }

  async read(id: string): Promise<WholeConversation> {
    const found = this.#conversations.find((known) => known.id === id)
    return found ? Promise.resolve(found) : Promise.reject(new ArchiveError('serviceRefused', 'conversation_unknown'))
  }

  async rename(id: string, title: string): Promise<PastConversation> {
    const renamed = { ...(await this.read(id)), title }
    this.#conversations = this.#conversations.map((known) => (known.id === id ? renamed : known))
    return summaryOf(renamed)
  }

  async remove(id: string): Promise<void> {
    this.#conversations = this.#conversations.filter((known) => known.id !== id)
    return Promise.resolve()
  }

  async forget(): Promise<void> {
    this.#conversations = []
    return Promise.resolve()
  }
}

function summaryOf({ turns: _turns, ...summary }: WholeConversation): PastConversation {
  return summary
}

/** A conversation of these exchanges, one every minute from its beginning. */
export function conversationOf(id: string, title: string | null, begunAtMs: number, exchanges: readonly (readonly [string, string])[]): WholeConversation {
  const turns = exchanges.map(([user, assistant], index): PastTurn => ({
    turn: index + 1, user, assistant, outcome: 'completed', savedAtMs: begunAtMs + (index + 1) * 60_000,
    utteranceMs: 2000, waitMs: 700, replyMs: 5000, responseMs: 740, costUsd: 0.001,
    waterfall: {
      uplinkMs: 20, serviceInMs: 1, endpointingMs: 100, modelMs: 500, serviceOutMs: 1, downlinkMs: 20, jitterBufferMs: 68, outputMs: 30, totalMs: 740,
    },
  }))
  return { id, title, begunAtMs, updatedAtMs: turns.at(-1)?.savedAtMs ?? begunAtMs, turnCount: turns.length, turns }
}
