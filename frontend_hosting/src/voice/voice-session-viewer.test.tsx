// @vitest-environment happy-dom

import '@testing-library/jest-dom/vitest'

import { act, cleanup, render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { browserDevices } from './audio/devices.ts'
import { Conversation } from './conversation.ts'
import type { Phase } from './call-state.ts'
import { MemoryArchive } from './past/memory-archive.ts'
import { createVoiceStore, type VoiceStore } from './store.ts'
import { type VoiceSessionViewerProps, VoiceSessionViewer } from './voice-session-viewer.tsx'

const OPTIONS = {
  model: 'm',
  languages: [{ code: 'de-DE', name: 'German', voices: [{ id: 'tina', name: 'Tina' }] }],
  defaults: { language: 'de-DE', voice: 'tina' },
  patience: null,
}

async function open(languages: readonly string[], props: Partial<VoiceSessionViewerProps> = {}): Promise<VoiceStore> {
  vi.spyOn(navigator, 'languages', 'get').mockReturnValue(languages)
  const store = createVoiceStore()
  const unused = (): never => expect.fail('nobody starts a call here')
  const conversation = new Conversation(store, { openAudio: unused, openSocket: unused, getTicket: unused, devices: browserDevices, diagnose: unused, now: () => 0, random: () => 0 })
  const fetchOptions = (): Promise<typeof OPTIONS> => Promise.resolve(OPTIONS)
  await act(async () => {
    render(<VoiceSessionViewer session={{ store, conversation, fetchOptions, archive: new MemoryArchive([]) }} {...props} />)
    await Promise.resolve()
  })
  return store
}

beforeEach(() => localStorage.clear())
afterEach(cleanup)

it('speaks the language of the browser, and says so to readers', async () => {
  await open(['de-AT', 'en'])
  expect(await screen.findByRole('button', { name: 'Gespräch beginnen' })).toBeVisible()
  expect(document.documentElement.lang).toBe('de')
  expect(document.title).toBe('Sprachassistent')
})

it('speaks another when that is chosen, at once and next time', async () => {
  await open(['en-GB'])
  await userEvent.setup().selectOptions(screen.getByLabelText('Language of this page'), 'fr')
  expect(await screen.findByRole('button', { name: 'Commencer à parler' })).toBeVisible()
  expect(document.documentElement.lang).toBe('fr')
  cleanup()
  await open(['en-GB'])
  expect(await screen.findByRole('button', { name: 'Commencer à parler' })).toBeVisible()
})

it('names the languages of the assistant in the language of the page', async () => {
  await open(['fr'])
  expect(await screen.findByRole('option', { name: 'Allemand (Allemagne)' })).toBeInTheDocument()
})

describe('in another page', () => {
  it('leaves that page’s landmark, heading, title and language alone', async () => {
    document.title = 'Host'
    document.documentElement.lang = 'pt'
    await open(['de'], { fill: 'container' })
    expect(await screen.findByRole('heading', { level: 2, name: 'Sprachassistent' })).toBeVisible()
    expect(screen.queryByRole('main')).toBeNull()
    expect(document.title).toBe('Host')
    expect(document.documentElement.lang).toBe('pt')
    expect(screen.getByRole('heading', { level: 2 }).closest('[lang]')).toHaveAttribute('lang', 'de')
  })

  it('begins with the host’s language and theme, until the user chooses', async () => {
    await open(['de'], { fill: 'container', defaultLanguage: 'it', defaultTheme: 'dark' })
    expect(await screen.findByRole('button', { name: 'Inizia a parlare' })).toBeVisible()
    expect(screen.getByRole('heading', { level: 2 }).closest('[data-theme]')).toHaveAttribute('data-theme', 'dark')
  })

  it('tells the host how the call goes', async () => {
    const phases: Phase[] = []
    const store = await open(['en'], { fill: 'container', onPhase: (phase) => phases.push(phase) })
    act(() => store.dispatch({ type: 'startRequested', typing: true }))
    act(() => store.dispatch({ type: 'endRequested', atMs: 1 }))
    expect(phases).toEqual(['idle', 'connecting', 'ended'])
  })
})
