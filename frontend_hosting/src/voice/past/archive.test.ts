import { describe, expect, it } from 'vitest'

import type { Problem } from '../problems.ts'
import type { Proof } from '../tickets.ts'
import { type Archive, ArchiveError, createArchive } from './archive.ts'
import type { WholeConversation } from './conversations.ts'
import { conversationOf, MemoryArchive } from './memory-archive.ts'

const CONVERSATIONS = ['c3', 'c2', 'c1'].map((id, index) => conversationOf(id, `Title of ${id}`, 1_000_000 - index, [['Hello', 'Hi']]))

type Asked = { readonly path: string; readonly method: string; readonly token: string; readonly body: unknown }

/** The service's side of it, as docs/store.md describes it, on the same conversations. */
/** As the service spells it. */
const stored = (waterfall: object | null): object =>
  Object.fromEntries(Object.entries(waterfall ?? {}).map(([name, ms]) => [name.replaceAll(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`), ms]))

function service(conversations: readonly WholeConversation[]): (asked: Asked) => Promise<Response> {
  const memory = new MemoryArchive(conversations, 2)
  const instant = (ms: number): string => new Date(ms).toISOString()
  const summary = ({ id, title, begunAtMs, updatedAtMs, turnCount }: Omit<WholeConversation, 'turns'>): object => ({
    id, title, begunAt: instant(begunAtMs), updatedAt: instant(updatedAtMs), lastTurn: turnCount,
  })
  return async ({ path, method, body }) => {
    const url = new URL(path, 'http://service')
    const id = url.pathname.split('/')[3] ?? ''
    try {
      if (url.pathname === '/api/me') await memory.forget()
      else if (id === '') {
        const { conversations: found, next } = await memory.list(url.searchParams.get('before'))
        return Response.json({ conversations: found.map(summary), next })
      } else if (method === 'DELETE') {
        await memory.read(id)
        await memory.remove(id)
      } else if (method === 'PATCH') return Response.json(summary(await memory.rename(id, (body as { title: string }).title)))
      else {
        const whole = await memory.read(id)
        const turns = whole.turns.map(({ savedAtMs, utteranceMs, waitMs, replyMs, responseMs: _responseMs, waterfall, costUsd, ...turn }) => ({
          ...turn, savedAt: instant(savedAtMs),
          figures: { utterance_ms: utteranceMs, time_to_first_audio_ms: waitMs, reply_ms: replyMs, cost_nano_usd: (costUsd ?? 0) * 1e9, waterfall: stored(waterfall) },
        }))
        return Response.json({ ...summary(whole), turns })
      }
    } catch {
      return Response.json({ code: 'conversation_unknown' }, { status: 404 })
    }
    return new Response(null, { status: 204 })
  }
}

function over(answer: (asked: Asked) => Promise<Response>, tokens: (proof: Proof) => string | null = (proof) => proof): { readonly archive: Archive; readonly asked: Asked[] } {
  const asked: Asked[] = []
  const archive = createArchive(
    async (proof) => tokens(proof),
    async (path, { method = '', headers, body }) => {
      const one = { path, method, token: new Headers(headers).get('Authorization') ?? '', body: typeof body === 'string' ? (JSON.parse(body) as unknown) : null }
      asked.push(one)
      return answer(one)
    },
  )
  return { archive, asked }
}

const problemOf = async (promise: Promise<unknown>): Promise<Problem> =>
  promise.then(() => expect.fail('nothing went wrong'), (error: unknown) => (error instanceof ArchiveError ? error.problem : expect.fail(String(error))))

describe.each([
  ['in memory', () => new MemoryArchive(CONVERSATIONS, 2)],
  ['over HTTP', () => over(service(CONVERSATIONS)).archive],
] as const)('an archive %s', (_where, open) => {
  it('lists the newest first, a page at a time', async () => {
    const archive = open()
    const first = await archive.list(null)
    expect(first.conversations.map(({ id }) => id)).toEqual(['c3', 'c2'])
    const second = await archive.list(first.next)
    expect([second.conversations.map(({ id }) => id), second.next]).toEqual([['c1'], null])
  })

  it('reads one with everything that was said', async () => {
    expect(await open().read('c2')).toEqual(CONVERSATIONS[1])
  })

  it('renames one', async () => {
    const archive = open()
    expect(await archive.rename('c1', 'Ünïcode “quoted”')).toMatchObject({ id: 'c1', title: 'Ünïcode “quoted”' })
    expect(await archive.read('c1')).toMatchObject({ title: 'Ünïcode “quoted”' })
  })

  it('removes one, and does not mind that it is gone already', async () => {
    const archive = open()
    await archive.remove('c3')
    await archive.remove('c3')
    expect((await archive.list(null)).conversations.map(({ id }) => id)).toEqual(['c2', 'c1'])
    expect(await problemOf(archive.read('c3'))).toMatchObject({ error: 'conversation_unknown' })
    expect(await problemOf(archive.rename('c3', 'x'))).toMatchObject({ error: 'conversation_unknown' })
  })

  it('forgets everything', async () => {
    const archive = open()
    await archive.forget()
    expect(await archive.list(null)).toEqual({ conversations: [], next: null })
  })
})

describe('an archive over HTTP', () => {
  it('asks in the user’s name, and puts no token into an address', async () => {
    const { archive, asked } = over(service(CONVERSATIONS))
    await archive.list('c 1&x')
    expect(asked).toEqual([{ path: '/api/conversations?limit=50&before=c+1%26x', method: 'GET', token: 'Bearer known', body: null }])
  })

  it('shows a new token once when the first is refused', async () => {
    const { archive, asked } = over(async ({ token }) => (token === 'Bearer renewed' ? Response.json({ conversations: [], next: null }) : new Response(null, { status: 401 })))
    await archive.list(null)
    expect(asked.map(({ token }) => token)).toEqual(['Bearer known', 'Bearer renewed'])
  })

  it.each([
    [401, { code: 'signInRequired' }],
    [403, { code: 'forbidden' }],
    [404, { code: 'historyNotKept' }],
    [429, { code: 'serviceRefused', error: 'history_unavailable' }],
    [500, { code: 'serviceRefused', error: 'history_unavailable' }],
    [502, { code: 'serviceUnreachable' }],
    [503, { code: 'serviceRefused', error: 'history_unavailable' }],
  ])('answered with %i has words for it', async (status, problem) => {
    const { archive } = over(async () => new Response('<html>', { status }))
    expect(await problemOf(archive.list(null))).toEqual({ detail: null, ...problem })
  })

  it.each([
    ['nobody is signed in', (): null => null, 'signInRequired'],
    ['the user pool is down', (): never => { throw new TypeError('Failed to fetch') }, 'signInUnreachable'],
  ] as const)('asks nothing while %s', async (_why, tokens, code) => {
    const { archive, asked } = over(service([]), tokens)
    expect(await problemOf(archive.forget())).toMatchObject({ code })
    expect(asked).toEqual([])
  })

  it('without a network says that nothing can be reached', async () => {
    const { archive } = over(() => Promise.reject(new TypeError('Failed to fetch')))
    expect(await problemOf(archive.remove('c1'))).toEqual({ code: 'serviceUnreachable', detail: null })
  })

  it('does not read halfway what it does not understand', async () => {
    const { archive } = over(async () => Response.json({ conversations: [{ id: 'c1' }], next: null }))
    expect(await problemOf(archive.list(null))).toMatchObject({ code: 'protocolFault' })
  })
})
