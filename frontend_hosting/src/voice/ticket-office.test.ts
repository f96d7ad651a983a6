import { describe, expect, it } from 'vitest'

import { ticketOffice } from './ticket-office.ts'
import type { Proof, TicketRefused } from './tickets.ts'

type Answer = readonly [status: number, body: unknown, headers?: Record<string, string>]

const SIGN_IN: Answer = [401, { detail: 'Please sign in first.' }]
const ISSUED: Answer = [200, { ticket: 'abc-_1', expiresInS: 30 }]

/** A service that gives these answers in turn, and what it was asked. */
function office({ answers = [ISSUED] as Answer[], token = (proof: Proof) => Promise.resolve<string | null>(`token-${proof}`) } = {}) {
  const asked: unknown[] = []
  const getTicket = ticketOffice(token, (path, init) => {
    asked.push([init.method, path, init.headers])
    const answer = answers.shift()
    if (!answer) return Promise.reject(new TypeError('Failed to fetch'))
    const [status, body, headers] = answer
    return Promise.resolve(new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers: headers ?? {} }))
  })
  const refusal = async (proof: Proof = 'known'): Promise<Pick<TicketRefused, 'problem' | 'closing'>> => {
    const error = await getTicket(proof).then(() => expect.fail('there was a ticket'), (reason: TicketRefused) => reason)
    return { problem: error.problem, closing: error.closing }
  }
  return { getTicket, refusal, asked }
}

describe('a ticket', () => {
  it('is given for the access token', async () => {
    const { getTicket, asked } = office()
    expect(await getTicket('known')).toBe('abc-_1')
    expect(asked).toEqual([['POST', '/api/tickets', { Authorization: 'Bearer token-known' }]])
  })

  it('is asked for once more with a new token when the known one is refused', async () => {
    const { getTicket, asked } = office({ answers: [SIGN_IN, ISSUED] })
    expect(await getTicket('known')).toBe('abc-_1')
    expect(asked).toHaveLength(2)
    expect(asked[1]).toEqual(['POST', '/api/tickets', { Authorization: 'Bearer token-renewed' }])
  })

  it.each(['known', 'renewed'] as const)('needs a new sign-in when the newest token is refused (%s)', async (proof) => {
    expect(await office({ answers: [SIGN_IN, SIGN_IN] }).refusal(proof)).toEqual({
      problem: { code: 'signInRequired', detail: 'Please sign in first.' },
      closing: { kind: 'fail', problem: 'signInRequired' },
    })
  })

  it('needs a new sign-in when there is no token to be had', async () => {
    const { refusal, asked } = office({ token: () => Promise.resolve(null) })
    expect(await refusal()).toMatchObject({ problem: { code: 'signInRequired' }, closing: { kind: 'fail' } })
    expect(asked).toEqual([])
  })

  it.each([
    [[403, { detail: 'Not you.' }], 'forbidden', 'Not you.', { kind: 'fail', problem: 'forbidden' }],
    [[429, { detail: 'Slow down.' }, { 'Retry-After': '7' }], 'tooManyRequests', 'Slow down.', { kind: 'retry', leastMs: 7000, problem: 'tooManyRequests' }],
    [[503, { detail: 'Full.' }, { 'Retry-After': '2' }], 'serviceRefused', 'Full.', { kind: 'retry', leastMs: 2000, problem: 'serviceLeaving' }],
    [[503, {}, { 'Retry-After': 'Wed, 21 Oct 2026 07:28:00 GMT' }], 'serviceRefused', null, { kind: 'retry', leastMs: 0, problem: 'serviceLeaving' }],
    [[500, 'not JSON'], 'serviceRefused', null, { kind: 'retry', leastMs: 0, problem: 'serviceLeaving' }],
    [[502, '<html>'], 'serviceUnreachable', null, { kind: 'retry', leastMs: 0, problem: 'connectionLost' }],
    [[404, { detail: 'Not Found' }], 'serviceRefused', 'Not Found', { kind: 'fail', problem: 'protocolFault' }],
    [[200, { ticket: 'two words' }], 'serviceRefused', null, { kind: 'fail', problem: 'protocolFault' }],
    [[200, '<!doctype html>'], 'serviceRefused', null, { kind: 'fail', problem: 'protocolFault' }],
  ] as const)('that is refused says why and whether to try again: %j', async (answer, code, detail, closing) => {
    expect(await office({ answers: [answer as Answer] }).refusal()).toEqual({ problem: { code, detail }, closing })
  })

  it.each([
    ['the service', 'serviceUnreachable', { answers: [] }],
    ['the user pool', 'signInUnreachable', { token: () => Promise.reject(new TypeError('Failed to fetch')) }],
  ] as const)(
    'cannot be had while %s cannot be reached, and is worth another try',
    async (_, code, options) => {
      expect(await office({ ...options, answers: [] }).refusal()).toEqual({
        problem: { code, detail: null },
        closing: { kind: 'retry', leastMs: 0, problem: 'connectionLost' },
      })
    },
  )
})

it.each([
  [429, 'budget_spent', 'budget_spent', 'fail'],
  [429, 'daily_limit', 'daily_limit', 'fail'],
  [429, 'too_fast', 'too_fast', 'retry'],
  [503, 'draining', 'going_away', 'retry'],
  [503, 'full', 'at_capacity', 'retry'],
  [503, 'busy', 'at_capacity', 'retry'],
  [503, 'moon_full', undefined, 'retry'],
])('a refusal with %i because of %s is told as %s', async (status, code, error, kind) => {
  const getTicket = ticketOffice(async () => 'token', async () => Response.json({ code, detail: 'A sentence.' }, { status, headers: { 'Retry-After': '40000' } }))
  const refusal: unknown = await getTicket('known').catch((reason: unknown) => reason)
  expect(refusal).toMatchObject({ problem: { detail: 'A sentence.', ...(error === undefined ? {} : { error }) }, closing: { kind } })
})
