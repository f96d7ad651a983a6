import { describe, expect, it } from 'vitest'

import { keptIn, logoutUrl, oidcSettings, returnPath } from './oidc.ts'

const CONFIG = { authority: 'https://idp.example/pool', clientId: 'a page', domain: 'https://login.example', adminGroup: 'admins', scopes: ['openid', 'email'] }

it('tokens are kept in memory, and only the state of a sign-in under way in storage', async () => {
  const kept = new Map<string, string>()
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
  } as unknown as Storage
  const settings = oidcSettings(CONFIG, 'https://voice.example', storage)
  await settings.userStore?.set('user', 'tokens')
  await settings.stateStore?.set('state', 'verifier')
  expect([...kept.values()]).toEqual(['verifier'])
  expect(settings).toMatchObject({
    authority: CONFIG.authority,
    client_id: 'a page',
    redirect_uri: 'https://voice.example/auth/callback',
    scope: 'openid email',
    revokeTokenTypes: ['refresh_token'],
  })
})

it('the sign-out address has the names that Cognito wants', () => {
  expect(logoutUrl(CONFIG, 'https://voice.example')).toBe(
    'https://login.example/logout?client_id=a+page&logout_uri=https%3A%2F%2Fvoice.example%2F',
  )
})

it.each([[{ kept: 'a' }, 'a'], [{ kept: null }, null], [{ kept: 7 }, null], [undefined, null], ['kept', null]])('of %j is kept: %j', (state, kept) => {
  expect(keptIn(state)).toBe(kept)
})

describe('after signing in one comes back', () => {
  it('to where one was', () => {
    expect(returnPath({ path: '/usage?day=1' })).toBe('/usage?day=1')
  })

  it.each([undefined, null, 'x', {}, { path: 7 }, { path: '//evil.example' }, { path: '/\\evil.example' }, { path: 'https://evil.example' }, { path: '/auth/callback?code=x' }])(
    'or to the beginning: %j',
    (state) => {
      expect(returnPath(state)).toBe('/')
    },
  )
})
