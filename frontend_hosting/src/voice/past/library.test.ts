import { describe, expect, it } from 'vitest'

import { type Archive, ArchiveError } from './archive.ts'
import { Library } from './library.ts'
import { conversationOf, MemoryArchive } from './memory-archive.ts'

const five = (): MemoryArchive => new MemoryArchive(['e', 'd', 'c', 'b', 'a'].map((id) => conversationOf(id, id, 0, [['Hello', 'Hi']])), 2)
const ids = (library: Library): string => library.getState().conversations.map(({ id }) => id).join('')

/** The same archive, whose next answer comes when it is let, or never comes to anything. */
function held(archive: Archive): { readonly archive: Archive; readonly let: () => void } {
  let open = (): void => expect.fail('nobody has asked')
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  return { archive: { ...bound(archive), list: async (before) => gate.then(() => archive.list(before)), read: async (id) => gate.then(() => archive.read(id)) }, let: () => open() }
}

const bound = (archive: Archive): Archive => ({
  list: (before) => archive.list(before), read: (id) => archive.read(id), rename: (id, title) => archive.rename(id, title),
  remove: (id) => archive.remove(id), forget: () => archive.forget(),
})

async function opened(archive: Archive = five()): Promise<Library> {
  const library = new Library(archive)
  await library.refresh()
  return library
}

describe('the list', () => {
  it('grows page by page to its end', async () => {
    const library = await opened()
    expect([ids(library), library.getState().next]).toEqual(['ed', 'd'])
    await library.older()
    await library.older()
    await library.older()
    expect([ids(library), library.getState().next]).toEqual(['edcba', null])
  })

  it('goes on after what is left when the last that was shown is removed', async () => {
    const library = await opened()
    expect(await library.remove('d')).toBe(true)
    await library.older()
    expect(ids(library)).toBe('ecb')
  })

  it('begins anew when nothing is left of the part that was fetched', async () => {
    const library = await opened()
    await library.remove('d')
    await library.remove('e')
    expect(ids(library)).toBe('cb')
  })

  it('keeps what it has when the next page cannot be had', async () => {
    const archive = five()
    const broken = { ...bound(archive), list: async (before: string | null) => (before === null ? archive.list(null) : Promise.reject(new ArchiveError('serviceUnreachable'))) }
    const library = await opened(broken)
    await library.older()
    expect(library.getState()).toMatchObject({ list: 'failed', problem: { code: 'serviceUnreachable' } })
    expect(ids(library)).toBe('ed')
  })
})

describe('reading', () => {
  it('shows the one that was asked for last, whichever comes first', async () => {
    const slow = held(five())
    const library = new Library(slow.archive)
    const first = library.read('a')
    const second = library.read('b')
    slow.let()
    await Promise.all([first, second])
    expect(library.getState().reading).toMatchObject({ status: 'there', id: 'b' })
  })

  it('that was given up stays given up', async () => {
    const slow = held(five())
    const library = new Library(slow.archive)
    const reading = library.read('a')
    library.close()
    slow.let()
    await reading
    expect(library.getState().reading).toEqual({ status: 'none' })
  })

  it('of one that is gone says so', async () => {
    const library = await opened()
    await library.read('x')
    expect(library.getState().reading).toMatchObject({ status: 'failed', problem: { error: 'conversation_unknown' } })
  })
})

describe('changing', () => {
  it('a title shows in the list and above what is read', async () => {
    const library = await opened()
    await library.read('e')
    expect(await library.rename('e', 'new')).toBe(true)
    expect(library.getState()).toMatchObject({ conversations: [{ title: 'new' }, { title: 'd' }], reading: { whole: { title: 'new' } }, busy: false })
  })

  it('removing what is read ends the reading', async () => {
    const library = await opened()
    await library.read('e')
    await library.remove('e')
    expect(library.getState().reading).toEqual({ status: 'none' })
  })

  it('that fails leaves everything as it was, and says why', async () => {
    const fails = (): Promise<never> => Promise.reject(new ArchiveError('serviceRefused', 'history_unavailable'))
    const library = await opened({ ...bound(five()), rename: fails, remove: fails, forget: fails })
    for (const change of [library.rename('e', 'x'), library.remove('e'), library.forget()]) {
      expect(await change).toBe(false)
    }
    expect(await library.forget()).toBe(false)
    expect(library.getState()).toMatchObject({ problem: { error: 'history_unavailable' }, busy: false })
    expect(ids(library)).toBe('ed')
  })

  it('happens one at a time', async () => {
    const library = await opened()
    const [first, second] = await Promise.all([library.remove('e'), library.remove('d')])
    expect([first, second, ids(library)]).toEqual([true, false, 'd'])
  })

  it('forgetting empties the list, also one that is still on its way', async () => {
    const slow = held(five())
    const library = new Library(slow.archive)
    const listing = library.refresh()
    expect(await library.forget()).toBe(true)
    slow.let()
    await listing
    expect(library.getState()).toMatchObject({ list: 'there', conversations: [], next: null, busy: false })
  })
})
