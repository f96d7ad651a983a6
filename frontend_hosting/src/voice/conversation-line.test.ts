import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { live, lost, page, READY } from './conversation.fixture.ts'
import type { ClientMessage, Ready, ServerMessage } from './protocol.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a lost connection', () => {
  const opened = (done: readonly string[]): number => done.filter((step) => step === 'socket opened').length

  it('is tried again after a jittered moment, on the same audio, one socket at a time', async () => {
    const { socket, receive, done, phase } = await live()
    socket(lost(1006))
    expect(phase()).toBe('reconnecting')
    await vi.advanceTimersByTimeAsync(249)
    expect(opened(done)).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(opened(done)).toBe(2)
    socket({ type: 'opened' })
    receive(READY)
    expect(phase()).toBe('connecting')
    expect(done).not.toContain('audio closed')
  })

  it('is tried for a minute, less and less often, and then a person decides', async () => {
    const { socket, store, done } = await live()
    const waits: number[] = []
    while (store.getState().call.status !== 'failed') {
      socket(lost(1006))
      const { call } = store.getState()
      if (call.status !== 'reconnecting') break
      waits.push(call.retryAtMs - Date.now())
      await vi.advanceTimersByTimeAsync(call.retryAtMs - Date.now() + 1000)
    }
    expect(waits.slice(0, 6)).toEqual([250, 500, 1000, 2000, 4000, 7500])
    expect(store.getState().call).toMatchObject({ status: 'failed', problem: { code: 'connectionLost' } })
    expect(waits.length).toBeLessThan(15)
    expect(done.slice(-3)).toEqual(['socket closed', 'devices not watched', 'audio closed'])
  })

  it('is not tried again after the user has ended the call', async () => {
    const { socket, conversation, done, phase } = await live()
    socket(lost(1006))
    conversation.end()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(opened(done)).toBe(1)
    expect(phase()).toBe('ended')
  })

  it('of an ended call is not taken up by the next one', async () => {
    const { socket, conversation, done } = await live()
    socket(lost(1006))
    conversation.end()
    await conversation.start(null)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(opened(done)).toBe(2)
  })

  it.each([[4400, 'protocolFault'], [4401, 'signInRequired'], [4403, 'forbidden'], [1009, 'messageTooBig']])(
    'with close code %i is not tried again',
    async (code, problem) => {
      const { socket, store, done } = await live()
      socket(lost(code))
      await vi.advanceTimersByTimeAsync(60_000)
      expect(store.getState().call).toMatchObject({ status: 'failed', problem: { code: problem } })
      expect(opened(done)).toBe(1)
    },
  )

  it.each([[4408, 'idle'], [4409, 'superseded'], [1000, 'done']])('with close code %i is a calm end', async (code, why) => {
    const { socket, store } = await live()
    socket(lost(code))
    expect(store.getState().call).toEqual({ status: 'ended', why })
  })

  it('that was announced is taken up again at the moment the service chose', async () => {
    const { receive, socket, done } = await live()
    receive({ type: 'goAway', seq: 4, reason: 'deploy', deadlineMs: 25_000, reconnectAfterMs: 3000 })
    await vi.advanceTimersByTimeAsync(1000)
    socket(lost(4503))
    await vi.advanceTimersByTimeAsync(1999)
    expect(opened(done)).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(opened(done)).toBe(2)
  })

  it('that was announced and ended after that moment is taken up again at once', async () => {
    const { receive, socket, done } = await live()
    receive({ type: 'goAway', seq: 4, reason: 'deploy', deadlineMs: 25_000, reconnectAfterMs: 3000 })
    await vi.advanceTimersByTimeAsync(8000)
    socket(lost(4503))
    await vi.advanceTimersByTimeAsync(0)
    expect(opened(done)).toBe(2)
  })
})

it('a service that takes a lost call up and says nothing is asked once more, whatever it answers to being left', async () => {
  const { socket, receive, phase, done } = await live()
  socket(lost(1006))
  await vi.advanceTimersByTimeAsync(250)
  socket({ type: 'opened' })
  await vi.advanceTimersByTimeAsync(15_000)
  expect(done.at(-1)).toBe('socket closed')
  socket(lost(1000))
  expect(phase()).toBe('reconnecting')
  await vi.advanceTimersByTimeAsync(1000)
  socket({ type: 'opened' })
  receive(READY)
  receive({ type: 'state', seq: 2, state: 'listening' })
  expect(phase()).toBe('listening')
})

describe('a conversation that the service keeps', () => {
  const KEPT: Ready = { ...READY, resumeToken: 'token' }
  const SAID: ServerMessage = { type: 'transcript', seq: 3, turn: 1, role: 'user', stage: 'spoken', text: 'hello' }
  const starts = (sent: readonly ClientMessage[]): readonly ClientMessage[] => sent.filter(({ type }) => type === 'start')

  async function talked() {
    const opened = page()
    await opened.conversation.start(null)
    opened.socket({ type: 'opened' })
    opened.receive(KEPT)
    opened.receive({ type: 'state', seq: 2, state: 'listening' })
    opened.receive(SAID)
    opened.socket(lost(1006))
    await vi.advanceTimersByTimeAsync(250)
    opened.socket({ type: 'opened' })
    return opened
  }

  it('is continued when the connection was lost', async () => {
    const { sent } = await talked()
    expect(starts(sent)).toEqual([{ type: 'start' }, { type: 'start', conversationId: 'c' }])
  })

  it('is begun anew when the service has it no more', async () => {
    const { socket, sent, phase } = await talked()
    socket(lost(4410))
    await vi.advanceTimersByTimeAsync(1000)
    socket({ type: 'opened' })
    expect(starts(sent).at(-1)).toEqual({ type: 'start' })
    expect(phase()).toBe('reconnecting')
  })

  it('and that is gone by the time the user has signed in again does not keep the call from beginning', async () => {
    const before = await talked()
    before.socket(lost(4401))
    const after = page()
    after.conversation.restore(before.conversation.keep() ?? expect.fail('nothing was kept'))
    await after.conversation.start(null)
    after.socket({ type: 'opened' })
    after.socket(lost(4410))
    await vi.advanceTimersByTimeAsync(0)
    after.socket({ type: 'opened' })
    after.receive({ ...KEPT, conversationId: 'new' })
    expect(starts(after.sent)).toEqual([{ type: 'start', conversationId: 'c' }, { type: 'start' }])
    expect(after.store.getState().thread).toMatchObject([{ spoken: ['hello'] }, { note: 'freshSession' }])
  })

  it('that was ended is not continued by the next call', async () => {
    const { conversation, socket, sent } = await talked()
    conversation.end()
    await conversation.start(null)
    socket({ type: 'opened' })
    expect(starts(sent).at(-1)).toEqual({ type: 'start' })
  })
})
