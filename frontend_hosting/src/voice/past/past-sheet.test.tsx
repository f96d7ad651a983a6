// @vitest-environment happy-dom

import '@testing-library/jest-dom/vitest'

import { act, cleanup, render, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, describe, expect, it } from 'vitest'

import { en } from '../words/en.ts'
import { type Archive, ArchiveError } from './archive.ts'
import { conversationOf, MemoryArchive } from './memory-archive.ts'
import { PastMenu } from './past-menu.tsx'

const NOW = Date.now()
const HOUR_MS = 3_600_000
const CONVERSATIONS = [
  conversationOf('c3', 'The weather', NOW, [['Will it rain?', 'Not today.']]),
  conversationOf('c2', null, NOW - 30 * HOUR_MS, [['Hello', 'Hi']]),
  ...Array.from({ length: 6 }, (_, index) => conversationOf(`o${index}`, `Older ${index}`, NOW - (100 + index) * HOUR_MS, [['A', 'B']])),
]

async function show(archive: Archive = new MemoryArchive(CONVERSATIONS, 6)) {
  const done: string[] = []
  const user = userEvent.setup()
  render(
    <PastMenu
      archive={archive}
      onContinue={({ conversationId, thread }) => done.push(`continue ${conversationId ?? '-'} with ${thread.length} lines`)}
      onForgotten={(id) => done.push(`forgotten ${id ?? 'everything'}`)}
      signInAgain={<button type="button">Sign in again</button>}
    />,
  )
  await user.click(screen.getByRole('button', { name: en.past.open }))
  await screen.findByRole('dialog', { name: en.past.open })
  return { done, user }
}

const refuses = (error: ArchiveError): Archive => {
  const fails = async (): Promise<never> => {
    throw error
  }
  return { list: fails, read: fails, rename: fails, remove: fails, forget: fails }
}
const rows = (): (string | null)[] => screen.getAllByRole('listitem').map((row) => row.querySelector('button > span')?.textContent ?? null)
const read = async (user: ReturnType<typeof userEvent.setup>, title: RegExp): Promise<void> => {
  await user.click(await screen.findByRole('button', { name: title }))
  await screen.findByRole('log')
}

afterEach(cleanup)

describe('the list', () => {
  it('has a heading for each day, and a name for what has none', async () => {
    await show()
    expect(await screen.findByRole('heading', { name: 'Today' })).toBeVisible()
    expect(rows().slice(0, 2)).toEqual(['The weather', en.past.untitled])
  })

  it('shows older ones on demand', async () => {
    const { user } = await show()
    await user.click(await screen.findByRole('button', { name: en.past.older }))
    expect(await screen.findByRole('button', { name: /Older 5/u })).toBeVisible()
    expect(screen.queryByRole('button', { name: en.past.older })).toBeNull()
  })

  it('is searched by title, and says what was not searched', async () => {
    const { user } = await show()
    await user.type(await screen.findByRole('searchbox', { name: en.past.search }), 'weather')
    expect(rows()).toEqual(['The weather'])
    expect(screen.getByText(en.past.unsearched)).toBeVisible()
    await user.type(screen.getByRole('searchbox'), 'x')
    expect(screen.getByText(en.past.noMatch('weatherx'))).toBeVisible()
  })

  it('of somebody who has not talked yet says what will be here', async () => {
    await show(new MemoryArchive([]))
    expect(await screen.findByText(en.past.none)).toBeVisible()
    expect(screen.queryByRole('searchbox')).toBeNull()
  })

  it('that cannot be fetched says why, and is asked for again when the network is back', async () => {
    let down = true
    const memory = new MemoryArchive(CONVERSATIONS)
    await show({ ...refuses(new ArchiveError('setupFailed')), list: async (before) => (down ? Promise.reject(new ArchiveError('serviceUnreachable')) : memory.list(before)) })
    expect(await screen.findByRole('alert')).toHaveTextContent(en.problems.serviceUnreachable.title)
    down = false
    act(() => void globalThis.dispatchEvent(new Event('online')))
    expect(await screen.findByRole('button', { name: /The weather/u })).toBeVisible()
    expect(screen.queryByRole('alert')).toBeNull()
  })

  it.each([
    ['signInRequired', new ArchiveError('signInRequired'), en.problems.signInRequired.title, 'Sign in again'],
    ['historyNotKept', new ArchiveError('historyNotKept'), en.problems.historyNotKept.title, en.retryOptions],
    ['history_unavailable', new ArchiveError('serviceRefused', 'history_unavailable'), en.errors.history_unavailable.title, en.retryOptions],
  ])('met by %s has words and a way on', async (_code, error, title, button) => {
    await show(refuses(error))
    expect(await screen.findByRole('alert')).toHaveTextContent(title)
    expect(screen.getByRole('button', { name: button })).toBeVisible()
    expect(screen.queryByRole('button', { name: en.past.forget })).toBeNull()
  })

  it('is the same where nothing can be stored in the browser', async () => {
    const storage = Object.getOwnPropertyDescriptor(globalThis, 'localStorage')
    Object.defineProperty(globalThis, 'localStorage', { configurable: true, get: () => { throw new DOMException('no', 'SecurityError') } })
    await show()
    expect(await screen.findByRole('button', { name: /The weather/u })).toBeVisible()
    if (storage) Object.defineProperty(globalThis, 'localStorage', storage)
  })
})

describe('one that is read', () => {
  it('has the focus on its title, and says everything that was said', async () => {
    const { user } = await show()
    await read(user, /The weather/u)
    expect(screen.getByRole('heading', { name: 'The weather' })).toHaveFocus()
    expect(within(screen.getByRole('log')).getByText('Not today.')).toBeVisible()
    expect(screen.getByRole('button', { name: /The weather/u })).toHaveAttribute('aria-current', 'true')
  })

  it('is continued with what was said', async () => {
    const { user, done } = await show()
    await read(user, /The weather/u)
    await user.click(screen.getByRole('button', { name: en.past.continue }))
    expect(done).toEqual(['continue c3 with 3 lines'])
    expect(screen.queryByRole('dialog', { name: en.past.open })).toBeNull()
  })

  it('says before that one talks to an AI and that the microphone opens', async () => {
    const { user } = await show()
    await read(user, /The weather/u)
    expect(screen.getByText(/You are talking to an AI/u)).toBeVisible()
  })

  it('is renamed with the keyboard alone', async () => {
    const { user } = await show()
    await read(user, /The weather/u)
    await user.click(screen.getByRole('button', { name: en.past.rename }))
    const field = screen.getByRole('textbox', { name: en.past.title })
    await user.clear(field)
    expect(screen.getByRole('button', { name: en.past.saveTitle })).toBeDisabled()
    await user.type(field, '  Sunshine {Enter}')
    expect(await screen.findByRole('heading', { name: 'Sunshine' })).toBeVisible()
    expect(rows()[0]).toBe('Sunshine')
    expect(screen.getByRole('status')).toHaveTextContent(en.past.renamed)
  })

  it('is deleted only after a second word, and the harmless one has the focus', async () => {
    const { user, done } = await show()
    await read(user, /The weather/u)
    await user.click(screen.getByRole('button', { name: en.past.delete }))
    expect(screen.getByRole('alertdialog', { name: en.past.deleteAsk })).toHaveAccessibleDescription(en.past.deleteText)
    expect(screen.getByRole('button', { name: en.past.keep })).toHaveFocus()
    await user.keyboard('{Enter}')
    expect(rows()[0]).toBe('The weather')
    await user.click(screen.getByRole('button', { name: en.past.delete }))
    await user.click(screen.getByRole('button', { name: en.past.deleteDo }))
    expect(await screen.findByRole('status')).toHaveTextContent(en.past.deleted('The weather'))
    expect(rows()[0]).toBe(en.past.untitled)
    expect(done).toEqual(['forgotten c3'])
  })

  it('that cannot be changed stays, and says why', async () => {
    const memory = new MemoryArchive(CONVERSATIONS)
    const refusing = refuses(new ArchiveError('serviceRefused', 'history_unavailable'))
    const { user, done } = await show({ ...refusing, list: (before) => memory.list(before), read: (id) => memory.read(id) })
    await read(user, /The weather/u)
    await user.click(screen.getByRole('button', { name: en.past.delete }))
    await user.click(screen.getByRole('button', { name: en.past.deleteDo }))
    expect(await screen.findByRole('alert')).toHaveTextContent(en.errors.history_unavailable.title)
    expect(screen.getByRole('heading', { name: 'The weather' })).toBeVisible()
    expect(done).toEqual([])
  })

  it('that is gone meanwhile says so', async () => {
    const memory = new MemoryArchive(CONVERSATIONS)
    const { user } = await show({ ...refuses(new ArchiveError('serviceRefused', 'conversation_unknown')), list: (before) => memory.list(before) })
    await user.click(await screen.findByRole('button', { name: /The weather/u }))
    expect(await screen.findByRole('alert')).toHaveTextContent(en.errors.conversation_unknown.title)
  })
})

describe('forgetting', () => {
  it('says what goes and what stays, and can be left', async () => {
    const { user, done } = await show()
    await user.click(await screen.findByRole('button', { name: en.past.forget }))
    expect(screen.getByRole('alertdialog', { name: en.past.forgetAsk })).toHaveAccessibleDescription(`${en.past.forgetGoes} ${en.past.forgetStays}`)
    await user.click(screen.getByRole('button', { name: en.past.keepAll }))
    expect(rows()[0]).toBe('The weather')
    expect(done).toEqual([])
  })

  it('leaves nothing, and says so', async () => {
    const { user, done } = await show()
    await user.click(await screen.findByRole('button', { name: en.past.forget }))
    await user.click(screen.getByRole('button', { name: en.past.forgetDo }))
    expect(await screen.findByText(en.past.none)).toBeVisible()
    expect(screen.getByRole('status')).toHaveTextContent(en.past.forgotten)
    expect(done).toEqual(['forgotten everything'])
  })
})
