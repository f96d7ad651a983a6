// @vitest-environment happy-dom

import '@testing-library/jest-dom/vitest'

import { cleanup, screen, within } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { closingFor } from '../close-codes.ts'
import type { Problem, ProblemCode } from '../problems.ts'
import type { Options } from '../service.ts'
import { en } from '../words/en.ts'
import { OPTIONS, SETTINGS, show, status } from './call-screen.fixture.tsx'

beforeEach(() => localStorage.clear())
afterEach(cleanup)

describe('before a call', () => {
  it('says that one talks to an AI before the microphone opens', async () => {
    await show()
    expect(screen.getByText(/You are talking to an AI/u)).toBeVisible()
    expect(screen.getByRole('button', { name: en.start })).toBeVisible()
  })

  it('starts with the language and voice that were chosen, and keeps the voice only if it speaks that language', async () => {
    const { user, done } = await show()
    await user.selectOptions(screen.getByLabelText(en.language), 'de-DE')
    await user.click(screen.getByRole('button', { name: en.start }))
    expect(done).toEqual(['start de-DE tina'])
    expect(localStorage.getItem('voice.language')).toBe('de-DE')
  })

  it('remembers the choice, unless it is not offered any more', async () => {
    localStorage.setItem('voice.language', 'de-DE')
    localStorage.setItem('voice.voice', 'gone')
    await show()
    expect(screen.getByLabelText(en.language)).toHaveValue('en-US')
  })

  it('can start although the options cannot be had, and asks again on demand', async () => {
    let reachable = false
    const fetchOptions = (): Promise<Options | Problem> =>
      Promise.resolve(reachable ? OPTIONS : { code: 'serviceUnreachable', detail: null })
    const { user } = await show({ fetchOptions })
    expect(screen.getByRole('alert')).toHaveTextContent(en.problems.serviceUnreachable.title)
    expect(screen.getByRole('button', { name: en.start })).toBeEnabled()
    reachable = true
    await user.click(screen.getByRole('button', { name: en.retryOptions }))
    expect(await screen.findByLabelText(en.voice)).toHaveValue('tiffany')
    expect(screen.queryByRole('alert')).toBeNull()
  })
})

describe('during a call', () => {
  it('says what is going on in one status line, apart from the log', async () => {
    const { goLive, happen, receive } = await show()
    goLive()
    expect(status()).toBe('Listening')
    happen({ type: 'speechStarted', atMs: 900 })
    expect(status()).toBe('Hearing you')
    receive({ type: 'state', seq: 3, state: 'thinking' })
    expect(status()).toBe('Thinking')
    happen({ type: 'playbackStarted', responseId: 1, atMs: 2000, lastSpeechAtMs: null })
    expect(status()).toBe('Speaking')
    expect(within(screen.getByRole('log')).queryByRole('status')).toBeNull()
  })

  it('keeps planned words from readers until they are spoken', async () => {
    const { goLive, receive } = await show()
    goLive()
    receive({ type: 'transcript', seq: 3, turn: 1, role: 'assistant', stage: 'planned', text: 'It is sunny.', responseId: 1 })
    const log = screen.getByRole('log')
    expect(within(log).getByText('It is sunny.')).toHaveAttribute('aria-hidden', 'true')
    receive({ type: 'transcript', seq: 4, turn: 1, role: 'assistant', stage: 'spoken', text: 'It is sunny.', responseId: 1 })
    expect(within(log).getByText('It is sunny.')).not.toHaveAttribute('aria-hidden')
  })

  it('shows how long each answer took', async () => {
    const { goLive, happen, receive } = await show()
    goLive()
    happen({ type: 'speechEnded', atMs: 1000, closedAtMs: 1000 }, { type: 'playbackStarted', responseId: 1, atMs: 2640, lastSpeechAtMs: null })
    receive({ type: 'transcript', seq: 4, turn: 1, role: 'assistant', stage: 'spoken', text: 'Hi.', responseId: 1 })
    expect(screen.getByText('answered in 1.6 s')).toBeInTheDocument()
  })

  it('reads new words to screen readers only if they ask for it', async () => {
    const { goLive } = await show()
    goLive()
    expect(screen.getByRole('log')).toHaveAttribute('aria-live', 'off')
  })

  it('announces new words once that is switched on', async () => {
    const { goLive } = await show({ settings: { ...SETTINGS, announce: true } })
    goLive()
    expect(screen.getByRole('log')).toHaveAttribute('aria-live', 'polite')
  })

  it('has its controls as pressed or not', async () => {
    const { goLive, user, done } = await show()
    goLive()
    const controls = within(screen.getByRole('toolbar'))
    const mute = controls.getByRole('button', { name: /Mute/u })
    await user.click(mute)
    expect(mute).toHaveAttribute('aria-pressed', 'true')
    expect(status()).toBe('Muted')
    await user.click(controls.getByRole('button', { name: 'Push to talk' }))
    expect(status()).toBe('Hold to talk')
    await user.click(controls.getByRole('button', { name: /Interrupt/u }))
    await user.click(controls.getByRole('button', { name: 'End' }))
    expect(done.slice(-2)).toEqual(['interrupt', 'end'])
  })

  it('sends typed text into the same thread and empties the field', async () => {
    const { goLive, user, done } = await show()
    goLive()
    await user.type(screen.getByRole('textbox', { name: en.composerLabel }), 'hello{Enter}')
    expect(done).toContain('say hello')
    expect(screen.getByRole('textbox', { name: en.composerLabel })).toHaveValue('')
    expect(within(screen.getByRole('log')).getByText('hello')).toBeInTheDocument()
  })

  it('shows the service’s complaint until it is dismissed', async () => {
    const { goLive, receive, user } = await show()
    goLive()
    receive({ type: 'error', seq: 5, code: 'x', message: 'Please say it again.', retryable: true, correlationId: null })
    expect(screen.getByRole('alert')).toHaveTextContent('Please say it again.')
    await user.click(screen.getByRole('button', { name: en.dismiss }))
    expect(screen.queryByRole('alert')).toBeNull()
  })

  it('keeps the thread while it reconnects, and says so', async () => {
    const { goLive, receive, happen } = await show()
    goLive()
    receive({ type: 'transcript', seq: 3, turn: 1, role: 'user', stage: 'spoken', text: 'hello' })
    happen({ type: 'socketClosed', closing: closingFor(1006), retryAtMs: 9000, atMs: 5000 })
    expect(status()).toBe('Reconnecting')
    expect(within(screen.getByRole('log')).getByText('hello')).toBeInTheDocument()
    expect(screen.getByRole('button', { name: en.cancel })).toBeVisible()
  })
})

describe('after a call', () => {
  it('says how it went and offers to start again', async () => {
    const { goLive, happen, receive } = await show()
    goLive()
    happen({ type: 'speechEnded', atMs: 1000, closedAtMs: 1000 }, { type: 'playbackStarted', responseId: 1, atMs: 1800, lastSpeechAtMs: null })
    receive({ type: 'transcript', seq: 4, turn: 1, role: 'assistant', stage: 'spoken', text: 'Hi.', responseId: 1 })
    happen({ type: 'endRequested', atMs: 9000 })
    expect(screen.getByText('1 answer, typically after 0.8 s')).toBeInTheDocument()
    expect(screen.getByRole('button', { name: en.startAgain })).toBeVisible()
    expect(screen.getByRole('button', { name: en.copy })).toBeVisible()
  })

  it.each(Object.keys(en.problems) as ProblemCode[])('names the problem and what helps: %s', async (code) => {
    const { goLive, happen } = await show()
    goLive()
    happen({ type: 'problemMet', problem: { code, detail: 'The service said this.' }, atMs: 1 })
    const alert = screen.getByRole('alert')
    expect(alert).toHaveTextContent(en.problems[code].title)
    expect(alert).toHaveTextContent(en.problems[code].remedy)
    expect(alert).toHaveTextContent('The service said this.')
  })

  it('without a microphone one can go on by typing', async () => {
    const { user, happen, done } = await show()
    happen({ type: 'startRequested', typing: false }, { type: 'problemMet', problem: { code: 'microphoneMissing', detail: null }, atMs: 1 })
    await user.click(screen.getByRole('button', { name: en.typeInstead }))
    expect(done).toEqual(['start en-US tiffany typing'])
  })
})

it('each change of a setting is told', async () => {
  const { user, onSettings } = await show()
  await user.selectOptions(screen.getByLabelText(en.interfaceLanguage), 'fr')
  expect(onSettings).toHaveBeenLastCalledWith({ ...SETTINGS, language: 'fr' })
  await user.click(screen.getByRole('radio', { name: 'Dark', hidden: true }))
  expect(onSettings).toHaveBeenLastCalledWith({ ...SETTINGS, theme: 'dark' })
  await user.click(screen.getByRole('switch', { name: /Keyboard shortcuts/u, hidden: true }))
  expect(onSettings).toHaveBeenLastCalledWith({ ...SETTINGS, shortcuts: false })
})
