// POST /api/tickets: the access token is shown here and nowhere else; a ticket takes its place at the socket.

import type { Closing } from './close-codes.ts'
import { type ErrorCode, isErrorCode, isLasting } from './error-codes.ts'
import type { ProblemCode } from './problems.ts'
import { type AccessToken, type GetTicket, TicketRefused } from './tickets.ts'

type Fetch = (path: string, init: RequestInit) => Promise<Response>

const PATH = '/api/tickets'
/** A train's network may need as long; the call as a whole gives up after fifteen seconds. */
const TIMEOUT_MS = 10_000
const UNAUTHORIZED = 401
/** What may be handed on as a subprotocol: the characters of an HTTP token that base64url uses. */
const TICKET = /^[\w-]+$/u

export function ticketOffice(accessToken: AccessToken, fetch: Fetch): GetTicket {
  const ask = async (token: string): Promise<Response> => {
    const init = { method: 'POST', headers: { Authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(TIMEOUT_MS) }
    return await fetch(PATH, init).catch(() => {
      throw unreachable()
    })
  }
  const show = async (proof: 'known' | 'renewed'): Promise<Response> => {
    const token = await accessToken(proof).catch(() => {
      throw refused('signInUnreachable', null, { kind: 'retry', leastMs: 0, problem: 'connectionLost' })
    })
    if (token === null) throw new TicketRefused({ code: 'signInRequired', detail: null }, { kind: 'fail', problem: 'signInRequired' })
    return ask(token)
  }
  return async (proof) => {
    let response = await show(proof)
    // This clock may be wrong, or the token revoked: a new one tells which.
    if (response.status === UNAUTHORIZED && proof === 'known') response = await show('renewed')
    if (!response.ok) throw await refusal(response)
    const body: unknown = await response.json().catch(() => null)
    const ticket = field(body, 'ticket')
    if (ticket === null || !TICKET.test(ticket)) throw refused('serviceRefused', null, { kind: 'fail', problem: 'protocolFault' })
    return ticket
  }
}

const refused = (code: ProblemCode, detail: string | null, closing: Closing, error?: ErrorCode): TicketRefused =>
  new TicketRefused({ code, detail, ...(error === undefined ? {} : { error }) }, closing)

const unreachable = (): TicketRefused => refused('serviceUnreachable', null, { kind: 'retry', leastMs: 0, problem: 'connectionLost' })

/** RFC 9457: `detail` is meant for people. */
async function refusal(response: Response): Promise<TicketRefused> {
  const body: unknown = await response.json().catch(() => null)
  const detail = field(body, 'detail')
  const error = ownWords(field(body, 'code'))
  const leastMs = retryAfterMs(response.headers.get('Retry-After'))
  switch (response.status) {
    case UNAUTHORIZED:
      return refused('signInRequired', detail, { kind: 'fail', problem: 'signInRequired' })
    case 403:
      return refused('forbidden', detail, { kind: 'fail', problem: 'forbidden' })
    case 429:
      return refused('tooManyRequests', detail, isLasting(error ?? null) ? { kind: 'fail', problem: 'tooManyRequests' } : { kind: 'retry', leastMs, problem: 'tooManyRequests' }, error)
    case 502:
    case 504:
      return unreachable()
    default:
      return refused('serviceRefused', detail, response.status < 500
        ? { kind: 'fail', problem: 'protocolFault' }
        : { kind: 'retry', leastMs, problem: 'serviceLeaving' }, error)
  }
}

/** Codes of the REST side are those of the protocol, and three more: why nobody at all gets a call just now. */
const ALIASES: Readonly<Record<string, ErrorCode>> = { draining: 'going_away', full: 'at_capacity', busy: 'at_capacity' }

function ownWords(code: string | null): ErrorCode | undefined {
  if (code === null) return undefined
  return isErrorCode(code) ? code : ALIASES[code]
}

/** Seconds; a date, which the service never sends, counts as now. */
function retryAfterMs(header: string | null): number {
  return header !== null && /^\d{1,4}$/u.test(header) ? Number(header) * 1000 : 0
}

function field(body: unknown, key: string): string | null {
  if (typeof body !== 'object' || body === null) return null
  const value = (body as Readonly<Record<string, unknown>>)[key]
  return typeof value === 'string' && value !== '' ? value : null
}
