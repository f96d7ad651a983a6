// /api/conversations and /api/me, in the user's name. Whatever goes wrong is a Problem that a person can read.

import type { ErrorCode } from '../error-codes.ts'
import type { Problem, ProblemCode } from '../problems.ts'
import type { AccessToken, Proof } from '../tickets.ts'
import { parseConversation, parsePage, parseWhole, type PastConversation, type PastPage, type WholeConversation } from './conversations.ts'

/** Every method rejects with an ArchiveError. */
export type Archive = {
  /** `before`: the `next` of the page before. */
  readonly list: (before: string | null) => Promise<PastPage>
  readonly read: (id: string) => Promise<WholeConversation>
  readonly rename: (id: string, title: string) => Promise<PastConversation>
  readonly remove: (id: string) => Promise<void>
  /** Everything of this user goes. */
  readonly forget: () => Promise<void>
}

export class ArchiveError extends Error {
  readonly problem: Problem

  constructor(code: ProblemCode, error?: ErrorCode) {
    super(error ?? code)
    this.problem = { code, detail: null, ...(error === undefined ? {} : { error }) }
  }
}

type Fetch = (path: string, init: RequestInit) => Promise<Response>

const LIST = '/api/conversations'
const ME = '/api/me'
const TIMEOUT_MS = 10_000
const UNAUTHORIZED = 401
const NOT_FOUND = 404

/** How many a page of the list has. */
export const PAGE = 50

export function createArchive(accessToken: AccessToken, fetch: Fetch): Archive {
  const ask = asking(accessToken, fetch)
  return {
    list: async (before) => understood(parsePage, await ask(`${LIST}?${new URLSearchParams({ limit: String(PAGE), ...(before === null ? {} : { before }) })}`, { nowhere: historyNotKept })),
    read: async (id) => understood(parseWhole, await ask(one(id))),
    rename: async (id, title) => understood(parseConversation, await ask(one(id), { method: 'PATCH', body: JSON.stringify({ title }) })),
    remove: async (id) => {
      // What is gone already is as it was wanted.
      await ask(one(id), { method: 'DELETE', allowed: [NOT_FOUND] })
    },
    forget: async () => {
      await ask(ME, { method: 'DELETE', nowhere: historyNotKept })
    },
  }
}

const one = (id: string): string => `${LIST}/${encodeURIComponent(id)}`

type Question = {
  readonly method?: 'GET' | 'PATCH' | 'DELETE'
  readonly body?: string
  readonly allowed?: readonly number[]
  /** What it means that there is nothing at this address. */
  readonly nowhere?: () => ArchiveError
}

function asking(accessToken: AccessToken, fetch: Fetch): (path: string, question?: Question) => Promise<Response> {
  return async (path, { method = 'GET', body, allowed = [], nowhere = conversationUnknown } = {}) => {
    const show = async (proof: Proof): Promise<Response> => {
      const token = await accessToken(proof).catch(() => {
        throw new ArchiveError('signInUnreachable')
      })
      if (token === null) throw new ArchiveError('signInRequired')
      const headers = { Authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) }
      const init = { method, headers, cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS), ...(body === undefined ? {} : { body }) } as const
      return await fetch(path, init).catch(() => {
        throw new ArchiveError('serviceUnreachable')
      })
    }
    let response = await show('known')
    // This clock may be wrong, or the token revoked: a new one tells which.
    if (response.status === UNAUTHORIZED) response = await show('renewed')
    if (!response.ok && !allowed.includes(response.status)) throw refusal(response.status, nowhere)
    return response
  }
}

/** A service without a store has nothing at these addresses. */
const historyNotKept = (): ArchiveError => new ArchiveError('historyNotKept')

const conversationUnknown = (): ArchiveError => new ArchiveError('serviceRefused', 'conversation_unknown')

function refusal(status: number, nowhere: () => ArchiveError): ArchiveError {
  switch (status) {
    case UNAUTHORIZED:
      return new ArchiveError('signInRequired')
    case 403:
      return new ArchiveError('forbidden')
    case NOT_FOUND:
      return nowhere()
    case 502:
    case 504:
      return new ArchiveError('serviceUnreachable')
    default:
      return new ArchiveError('serviceRefused', 'history_unavailable')
  }
}

/** A service that this page does not understand is not read halfway. */
async function understood<T>(parse: (body: unknown) => T | null, response: Response): Promise<T> {
  const parsed = parse(await response.json().catch(() => null))
  if (parsed === null) throw new ArchiveError('protocolFault')
  return parsed
}
