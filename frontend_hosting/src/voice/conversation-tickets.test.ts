import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { live, lost, page, READY } from './conversation.fixture.ts'
import type { ClientMessage, ServerMessage } from './protocol.ts'
import { type Proof, TicketRefused } from './tickets.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('tickets', () => {
  const FULL = new TicketRefused({ code: 'serviceRefused', detail: 'All places are taken.' }, { kind: 'retry', leastMs: 3000, problem: 'serviceLeaving' })
  const SIGN_IN = new TicketRefused({ code: 'signInRequired', detail: null }, { kind: 'fail', problem: 'signInRequired' })
  const EXPIRING: ServerMessage = { type: 'authExpiring', seq: 9, inMs: 20_000 }
  const auths = (sent: readonly ClientMessage[]): readonly ClientMessage[] => sent.filter(({ type }) => type === 'auth')
  /** One answer after the other; the last one for ever. */
  const inTurn = (...answers: (string | TicketRefused)[]) => {
    const asked: Proof[] = []
    const tickets = (proof: Proof): string | TicketRefused => {
      asked.push(proof)
      return answers[Math.min(asked.length, answers.length) - 1] ?? expect.fail('no answer')
    }
    return { asked, tickets }
  }

  it('are asked for anew before every connection', async () => {
    const { socket, done } = await live({ tickets: inTurn('first', 'second').tickets })
    socket(lost(1006))
    await vi.advanceTimersByTimeAsync(250)
    expect(done.filter((step) => step.startsWith('socket opened'))).toEqual(['socket opened with first', 'socket opened with second'])
  })

  it.each([[FULL, { code: 'serviceRefused', detail: 'All places are taken.' }], [SIGN_IN, { code: 'signInRequired', detail: null }]])(
    'refused to somebody who waits for a call are explained at once',
    async (refusal, problem) => {
      const { conversation, store, done } = page({ tickets: () => refusal })
      await conversation.start(null)
      expect(store.getState().call).toEqual({ status: 'failed', problem })
      expect(done).toEqual(['microphone asked', 'ports handed over', 'socket closed', 'devices not watched', 'audio closed'])
    },
  )

  it('refused for a while are asked for again, no sooner than the service said', async () => {
    const { socket, done, phase } = await live({ tickets: inTurn('first', FULL, 'third').tickets })
    socket(lost(1006))
    await vi.advanceTimersByTimeAsync(250 + 3499)
    expect(phase()).toBe('reconnecting')
    expect(done).not.toContain('socket opened with third')
    await vi.advanceTimersByTimeAsync(1)
    expect(done).toContain('socket opened with third')
  })

  it('refused because the sign-in is over end the attempts', async () => {
    const { socket, store } = await live({ tickets: inTurn('first', SIGN_IN).tickets })
    socket(lost(1006))
    await vi.advanceTimersByTimeAsync(250)
    expect(store.getState().call).toMatchObject({ status: 'failed', problem: { code: 'signInRequired' } })
  })

  it('that come after the call was ended are not used', async () => {
    const { conversation, done } = page({ tickets: () => 'late' })
    const starting = conversation.start(null)
    conversation.end()
    await starting
    expect(done.filter((step) => step.startsWith('socket opened'))).toEqual([])
  })

  it('are renewed within the call when the sign-in runs out', async () => {
    const { asked, tickets } = inTurn('first', 'second')
    const { receive, sent, phase } = await live({ tickets })
    receive(EXPIRING)
    await vi.advanceTimersByTimeAsync(0)
    expect(auths(sent)).toEqual([{ type: 'auth', ticket: 'second' }])
    expect(asked).toEqual(['known', 'renewed'])
    expect(phase()).toBe('listening')
  })

  it('that cannot be renewed just now are asked for again while there is time', async () => {
    const { tickets } = inTurn('first', FULL, FULL, 'fourth')
    const { receive, sent } = await live({ tickets })
    receive(EXPIRING)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(auths(sent)).toEqual([{ type: 'auth', ticket: 'fourth' }])
  })

  it('that cannot be renewed at all leave the call alone until the service ends it', async () => {
    const { asked, tickets } = inTurn('first', FULL)
    const { receive, sent, phase } = await live({ tickets })
    receive(EXPIRING)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(auths(sent)).toEqual([])
    expect(asked).toHaveLength(5)
    expect(phase()).toBe('listening')
  })

  it('that renewed nothing are replaced once, and the user is not bothered with it', async () => {
    const { asked, tickets } = inTurn('first', 'second', 'third', 'fourth')
    const { receive, sent, store } = await live({ tickets })
    const refused: ServerMessage = { type: 'error', seq: 10, code: 'ticket_refused', message: 'Get another.', retryable: true, correlationId: null }
    receive(EXPIRING)
    await vi.advanceTimersByTimeAsync(0)
    receive(refused)
    await vi.advanceTimersByTimeAsync(0)
    receive(refused)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(auths(sent)).toEqual([{ type: 'auth', ticket: 'second' }, { type: 'auth', ticket: 'third' }])
    expect(asked).toEqual(['known', 'renewed', 'renewed'])
    expect(store.getState().complaint).toBeNull()
  })

  it('for a session that is gone are not given to the next one', async () => {
    const { asked, tickets } = inTurn('first', FULL, 'third')
    const { receive, socket, sent } = await live({ tickets })
    receive(EXPIRING)
    await vi.advanceTimersByTimeAsync(0)
    socket(lost(1006))
    await vi.advanceTimersByTimeAsync(250)
    socket({ type: 'opened' })
    receive(READY)
    await vi.advanceTimersByTimeAsync(20_000)
    expect(asked).toEqual(['known', 'renewed', 'known'])
    expect(auths(sent)).toEqual([])
  })
})
