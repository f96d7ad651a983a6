// The user's past conversations as the page has them: what was fetched so far, which one is read, what goes wrong.
//
// An answer to a question that nobody asks any more changes nothing.

import type { Problem } from '../problems.ts'
import { type Archive, ArchiveError } from './archive.ts'
import type { PastConversation, WholeConversation } from './conversations.ts'

export type Reading =
  | { readonly status: 'none' }
  | { readonly status: 'loading'; readonly id: string }
  | { readonly status: 'there'; readonly id: string; readonly whole: WholeConversation }
  | { readonly status: 'failed'; readonly id: string; readonly problem: Problem }

export type LibraryState = {
  readonly list: 'loading' | 'there' | 'failed'
  readonly conversations: readonly PastConversation[]
  /** Where the list goes on; null at its end. */
  readonly next: string | null
  readonly reading: Reading
  /** What kept the list from being fetched, or the last change from being made. */
  readonly problem: Problem | null
  /** Something is being changed just now. */
  readonly busy: boolean
}

const EMPTY: LibraryState = { list: 'loading', conversations: [], next: null, reading: { status: 'none' }, problem: null, busy: false }

export class Library {
  readonly #archive: Archive
  readonly #listeners = new Set<() => void>()
  #state = EMPTY
  #lists = 0

  constructor(archive: Archive) {
    this.#archive = archive
  }

  readonly getState = (): LibraryState => this.#state

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The list from its beginning. */
  async refresh(): Promise<void> {
    this.#set({ list: 'loading', problem: null })
    await this.#fetch(null)
  }

  async older(): Promise<void> {
    const { next, list } = this.#state
    if (next === null || list === 'loading') return
    this.#set({ list: 'loading', problem: null })
    await this.#fetch(next)
  }

  async #fetch(before: string | null): Promise<void> {
    const asked = ++this.#lists
    try {
      const page = await this.#archive.list(before)
      if (asked !== this.#lists) return
      const known = before === null ? [] : this.#state.conversations
      this.#set({ list: 'there', conversations: [...known, ...page.conversations], next: page.next })
    } catch (error) {
      if (asked === this.#lists) this.#set({ list: 'failed', problem: problemOf(error) })
    }
  }

  async read(id: string): Promise<void> {
    this.#set({ reading: { status: 'loading', id }, problem: null })
    const isStill = (): boolean => this.#state.reading.status === 'loading' && this.#state.reading.id === id
    try {
      const whole = await this.#archive.read(id)
      if (isStill()) this.#set({ reading: { status: 'there', id, whole } })
    } catch (error) {
      if (isStill()) this.#set({ reading: { status: 'failed', id, problem: problemOf(error) } })
    }
  }

  close(): void {
    this.#set({ reading: { status: 'none' }, problem: null })
  }

  /** Whether it was done; if not, the state says why. */
  async rename(id: string, title: string): Promise<boolean> {
    return this.#change(async () => {
      const renamed = await this.#archive.rename(id, title)
      const { conversations, reading } = this.#state
      this.#set({
        conversations: conversations.map((known) => (known.id === id ? renamed : known)),
        reading: reading.status === 'there' && reading.id === id ? { ...reading, whole: { ...reading.whole, title: renamed.title } } : reading,
      })
    })
  }

  async remove(id: string): Promise<boolean> {
    return this.#change(async () => {
      await this.#archive.remove(id)
      const { conversations, reading, next } = this.#state
      const left = conversations.filter((known) => known.id !== id)
      this.#set({ conversations: left, reading: reading.status !== 'none' && reading.id === id ? { status: 'none' } : reading })
      if (next === null) return
      // The list goes on after the last that is there.
      const last = left.at(-1)
      if (last) this.#set({ next: last.id })
      else await this.refresh()
    })
  }

  async forget(): Promise<boolean> {
    return this.#change(async () => {
      await this.#archive.forget()
      // A list that is still on its way is of what was.
      this.#lists++
      this.#set({ ...EMPTY, list: 'there', busy: this.#state.busy })
    })
  }

  async #change(make: () => Promise<void>): Promise<boolean> {
    if (this.#state.busy) return false
    this.#set({ busy: true, problem: null })
    try {
      await make()
      this.#set({ busy: false })
      return true
    } catch (error) {
      this.#set({ busy: false, problem: problemOf(error) })
      return false
    }
  }

  #set(change: Partial<LibraryState>): void {
    this.#state = { ...this.#state, ...change }
    for (const listener of this.#listeners) listener()
  }
}

/** Anything that is no ArchiveError is a fault of ours. */
function problemOf(error: unknown): Problem {
  return error instanceof ArchiveError ? error.problem : { code: 'setupFailed', detail: null }
}
