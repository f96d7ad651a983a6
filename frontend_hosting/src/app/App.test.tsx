// @vitest-environment happy-dom

import '@testing-library/jest-dom/vitest'

import { act, cleanup, render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

import { browserDevices } from '../voice/audio/devices.ts'
import { Conversation } from '../voice/conversation.ts'
import { createVoiceStore } from '../voice/store.ts'
import { App } from './App.tsx'

const OPTIONS = {
  model: 'm',
  languages: [{ code: 'de-DE', name: 'German', voices: [{ id: 'tina', name: 'Tina' }] }],
  defaults: { language: 'de-DE', voice: 'tina' },
  patience: null,
}

async function open(languages: readonly string[]): Promise<void> {
  vi.spyOn(navigator, 'languages', 'get').mockReturnValue(languages)
  const store = createVoiceStore()
  const unused = (): never => expect.fail('nobody starts a call here')
  const conversation = new Conversation(store, { openAudio: unused, openSocket: unused, devices: browserDevices, diagnose: unused, now: () => 0, random: () => 0 })
  const fetchOptions = (): Promise<typeof OPTIONS> => Promise.resolve(OPTIONS)
  await act(async () => {
    render(<App store={store} conversation={conversation} fetchOptions={fetchOptions} />)
    await Promise.resolve()
  })
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
