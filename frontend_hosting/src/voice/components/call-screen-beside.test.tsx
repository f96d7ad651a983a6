// @vitest-environment happy-dom

import '@testing-library/jest-dom/vitest'

import { act, cleanup, fireEvent, screen, waitFor, within } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { closingFor } from '../close-codes.ts'
import type { NoticeCode } from '../notices.ts'
import type { VoiceEvent } from '../session.ts'
import { en } from '../words/en.ts'
import { open, show, status } from './call-screen.fixture.tsx'

beforeEach(() => localStorage.clear())
afterEach(cleanup)

describe('beside the words', () => {
  const answered = (atMs: number): readonly VoiceEvent[] => [
    { type: 'speechEnded', atMs: 1000, closedAtMs: 2000 }, { type: 'playbackStarted', responseId: 1, atMs, lastSpeechAtMs: null },
  ]

  it('tools are named while they are used and after', async () => {
    const { goLive, receive } = await show()
    goLive()
    receive({ type: 'tool', seq: 5, turn: 1, toolUseId: 't', name: 'current_time', status: 'started' })
    expect(within(screen.getByRole('log')).getByText('Using current time')).toBeInTheDocument()
    receive({ type: 'tool', seq: 6, turn: 1, toolUseId: 't', name: 'current_time', status: 'finished' })
    expect(within(screen.getByRole('log')).getByText('Used current time')).toBeInTheDocument()
  })

  it('the conversation is copied as text', async () => {
    const { goLive, receive, user } = await show()
    goLive()
    receive({ type: 'transcript', seq: 3, turn: 1, role: 'user', stage: 'spoken', text: 'hello' })
    await user.click(screen.getByRole('button', { name: en.copy }))
    expect(await navigator.clipboard.readText()).toBe('You: hello')
    expect(screen.getByText(en.copied)).toBeInTheDocument()
  })

  it('a browser that does not let one copy is told of', async () => {
    const { goLive, receive, user } = await show()
    goLive()
    receive({ type: 'transcript', seq: 3, turn: 1, role: 'user', stage: 'spoken', text: 'hello' })
    vi.spyOn(navigator.clipboard, 'writeText').mockRejectedValue(new DOMException('no', 'NotAllowedError'))
    await user.click(screen.getByRole('button', { name: en.copy }))
    expect(await screen.findByText(en.copyFailed)).toBeInTheDocument()
  })

  it('what was said is marked as the language that was spoken', async () => {
    const { goLive, receive } = await show()
    goLive()
    receive({ type: 'transcript', seq: 3, turn: 1, role: 'user', stage: 'spoken', text: 'hello' })
    expect(within(screen.getByRole('log')).getByText('hello').closest('[lang]')).toHaveAttribute('lang', 'en-US')
  })

  it.each(Object.keys(en.notices) as NoticeCode[])('what happened to the sound is said, and can be dismissed: %s', async (notice) => {
    const { goLive, happen, user } = await show()
    goLive()
    happen({ type: 'noticed', notice })
    expect(screen.getByRole('alert')).toHaveTextContent(en.notices[notice])
    await user.click(screen.getByRole('button', { name: en.dismiss }))
    expect(screen.queryByRole('alert')).toBeNull()
  })

  it('push to talk is offered where the echo cannot be removed', async () => {
    const { goLive, happen, user } = await show()
    goLive()
    happen({ type: 'noticed', notice: 'echo' })
    await user.click(screen.getByRole('button', { name: en.usePushToTalk }))
    expect(status()).toBe('Hold to talk')
    expect(screen.queryByRole('alert')).toBeNull()
    // Another such microphone, and push to talk is on already: the same button would turn it off.
    happen({ type: 'noticed', notice: 'echo' })
    expect(screen.queryByRole('button', { name: en.usePushToTalk })).toBeNull()
  })

  it('the next attempt is counted down', async () => {
    vi.useFakeTimers({ now: 10_000 })
    try {
      const { goLive, happen } = await show()
      goLive()
      happen({ type: 'socketClosed', closing: closingFor(1006), retryAtMs: 13_000, atMs: 10_000 })
      act(() => vi.advanceTimersByTime(10))
      expect(screen.getByText('in 3 s')).toBeInTheDocument()
      act(() => vi.advanceTimersByTime(2000))
      expect(screen.getByText('in 1 s')).toBeInTheDocument()
    } finally {
      vi.useRealTimers()
    }
  })

  it('the caption marks the word that is heard', async () => {
    const { goLive, receive, happen, conversation } = await show()
    goLive()
    receive({ type: 'transcript', seq: 3, turn: 1, role: 'assistant', stage: 'planned', text: 'It is sunny.', responseId: 1 })
    conversation.meters.playout = { responseId: 1, positionMs: 900, arrivedMs: 1000, atMs: Date.now() }
    happen({ type: 'playbackStarted', responseId: 1, atMs: 2000, lastSpeechAtMs: null })
    const marks = (): readonly string[] => screen.queryAllByText('sunny.').flatMap((word) => Object.keys(word.dataset))
    await waitFor(() => expect(marks()).toEqual(['caption', 'heard']))
  })

  it('marks the word in the conversation, and keeps the marks from readers, who get whole sentences', async () => {
    const { goLive, receive, happen, conversation } = await show()
    goLive()
    for (const stage of ['planned', 'spoken'] as const) {
      receive({ type: 'transcript', seq: 3, turn: 1, role: 'assistant', stage, text: 'It is sunny.', responseId: 1 })
    }
    conversation.meters.playout = { responseId: 1, positionMs: 900, arrivedMs: 1000, atMs: Date.now() }
    happen({ type: 'playbackStarted', responseId: 1, atMs: 2000, lastSpeechAtMs: null })
    const log = within(screen.getByRole('log'))
    expect((await log.findByText('sunny.')).closest('[aria-hidden=true]')).not.toBeNull()
    expect(log.getByText('It is sunny.').closest('[aria-hidden]')).toBeNull()
  })

  it('details tell the response time in its parts, the usage, and every event', async () => {
    const { goLive, happen, receive, user, conversation } = await show()
    goLive()
    happen({ type: 'speechStarted', atMs: 500 }, ...answered(3000))
    receive({ type: 'usage', seq: 8, input: { speechTokens: 1200, textTokens: 1 }, output: { speechTokens: 1, textTokens: 1 }, totalTokens: 1203 })
    conversation.log.add('service', { type: 'ready' }, 1000)
    conversation.log.add('sound', { type: 'microphone', label: 'Headset' }, 1001)
    await open(en.details)
    const details = await screen.findByRole('region', { name: en.responseTimes, hidden: true })
    expect(within(details).getAllByText('2.0 s')).toHaveLength(3)
    expect([...details.querySelectorAll('[data-stage]')].map((stage) => stage.getAttribute('data-ms'))).toEqual(['1000', '1000', '0'])
    expect(screen.getByText('1,203')).toBeInTheDocument()
    await user.type(screen.getByLabelText(en.filterEvents), 'headset')
    expect(screen.getByText('1 of 2 events')).toBeInTheDocument()
  })

  it('volume and pause are told to the call and remembered', async () => {
    const { goLive, done } = await show()
    goLive()
    await open(en.sound)
    fireEvent.change(screen.getByLabelText(/^Volume/u), { target: { value: '40' } })
    fireEvent.change(screen.getByLabelText(/^Pause before/u), { target: { value: '700' } })
    expect(done.slice(-2)).toEqual(['sound 0.4 -', 'sound 0.4 700'])
    expect(JSON.parse(localStorage.getItem('voice.sound') ?? '')).toMatchObject({ volume: 0.4, pauseMs: 700 })
    expect(screen.getByLabelText(/^Pause before/u)).toHaveAttribute('max', '1900')
  })

  it('without a way to choose a loudspeaker the menu says whose is used', async () => {
    await show()
    await open(en.sound)
    expect(screen.getByText(en.speakerBySystem)).toBeInTheDocument()
    expect(screen.getByLabelText(en.microphone)).toHaveValue('')
  })
})
