import { describe, expect, it, vi } from 'vitest'

import { SignIn, type SignInPorts } from './sign-in.ts'

const CONFIG = { authority: 'https://idp.example/pool', clientId: 'page', domain: 'https://login.example', scopes: ['openid'] }

/** Storage as it is in a browser, as far as it is used here. */
function storage(): Storage {
  const kept = new Map<string, string>()
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  } as unknown as Storage
}

type Answer = () => Response

function page(answers: Answer[] = [() => Response.json(CONFIG)], ports: Partial<SignInPorts> = {}) {
  const done: string[] = []
  const kept = storage()
  const make = (): SignIn =>
    new SignIn({
      fetch: (path) => {
        done.push(`asked ${path}`)
        const answer = answers.length > 1 ? answers.shift() : answers[0]
        return answer ? Promise.resolve(answer()) : Promise.reject(new TypeError('Failed to fetch'))
      },
      origin: 'https://voice.example',
      sessionStorage: () => kept,
      isSecure: true,
      goTo: (url) => done.push(`went to ${url}`),
      path: () => '/usage?day=1',
      onLeave: () => done.push('ended the call'),
      keep: () => 'what was said',
      restore: (text) => done.push(`restored ${text}`),
      ...ports,
    })
  return { signIn: make(), reload: make, done }
}

describe('being made ready', () => {
  it('happens once', async () => {
    const { signIn, done } = page()
    const [first, second] = await Promise.all([signIn.prepare(), signIn.prepare()])
    expect(first).toMatchObject({ status: 'ready', returning: false })
    expect(second).toBe(first)
    expect(done).toEqual(['asked /config.json'])
  })

  it.each([
    ['a service that is gone', [], 'serviceUnreachable', null],
    ['a gateway before a service that is gone', [() => new Response('', { status: 502 })], 'serviceUnreachable', '/config.json: 502'],
    ['a missing file', [() => new Response('', { status: 404 })], 'configMissing', '/config.json: 404'],
    ['a wrong file', [() => new Response('{}')], 'configWrong', '/config.json: scopes is not a list of texts with openid among them'],
  ] as const)('fails with %s', async (_, answers, code, detail) => {
    expect(await page([...answers]).signIn.prepare()).toEqual({ status: 'failed', problem: { code, detail } })
  })

  it('fails on an insecure page and with blocked storage, and asks for nothing', async () => {
    const insecure = page(undefined, { isSecure: false })
    expect(await insecure.signIn.prepare()).toMatchObject({ problem: { code: 'insecure' } })
    const blocked = page(undefined, {
      sessionStorage: () => {
        throw new DOMException('no', 'SecurityError')
      },
    })
    expect(await blocked.signIn.prepare()).toMatchObject({ problem: { code: 'storageBlocked' } })
    expect([...insecure.done, ...blocked.done]).toEqual([])
  })

  it('is tried again after a failure', async () => {
    const { signIn } = page([() => new Response('', { status: 503 }), () => Response.json(CONFIG)])
    expect(await signIn.prepare()).toMatchObject({ status: 'failed' })
    expect(await signIn.prepare()).toMatchObject({ status: 'ready' })
  })
})

describe('a reload', () => {
  it('finds out once that somebody was signed in, so that a redirect that fails is not repeated', async () => {
    const { signIn, reload } = page()
    await signIn.prepare()
    signIn.arrive(undefined)
    expect(await reload().prepare()).toMatchObject({ returning: true })
    expect(await reload().prepare()).toMatchObject({ returning: false })
  })

  it('after signing out brings nobody back', async () => {
    const { signIn, reload } = page()
    await signIn.prepare()
    signIn.arrive(undefined)
    await signIn.leave()
    expect(await reload().prepare()).toMatchObject({ returning: false })
  })
})

it('whoever comes back from the user pool is where they were, with what was said', () => {
  const { signIn, reload, done } = page()
  expect(reload().arrive(signIn.whereabouts())).toBe('/usage?day=1')
  expect(done).toEqual(['restored what was said'])
})

it.each([
  ['answers', () => new Response('{}'), true],
  ['refuses', () => new Response('', { status: 503 }), false],
  ['is gone', null, false],
] as const)('a user pool that %s is noticed before anybody is sent there', async (_, answer, reachable) => {
  const gone = (): Response => {
    throw new TypeError('Failed to fetch')
  }
  const { signIn, done } = page([() => Response.json(CONFIG), answer ?? gone])
  expect(await signIn.poolAnswers(), 'nobody knows yet where it is').toBe(false)
  await signIn.prepare()
  expect(await signIn.poolAnswers()).toBe(reachable)
  expect(done.at(-1)).toBe('asked https://idp.example/pool/.well-known/openid-configuration')
})

it('there is no access token before anybody has signed in', async () => {
  const { signIn } = page()
  expect(await signIn.accessToken('known')).toBeNull()
  await signIn.prepare()
  expect(await signIn.accessToken('known')).toBeNull()
})

describe('signing out', () => {
  it('ends the call and the user pool\'s own session', async () => {
    const { signIn, done } = page()
    await signIn.prepare()
    await signIn.leave()
    expect(done.slice(1)).toEqual([
      'ended the call',
      'went to https://login.example/logout?client_id=page&logout_uri=https%3A%2F%2Fvoice.example%2F',
    ])
  })

  it('reaches the other windows', async () => {
    const here = page()
    const there = page()
    await Promise.all([here.signIn.prepare(), there.signIn.prepare()])
    await here.signIn.leave()
    await vi.waitFor(() => expect(there.done).toContain('went to /'))
    expect(there.done).toContain('ended the call')
  })
})
