import { ErrorResponse, User } from 'oidc-client-ts'
import { describe, expect, it, vi } from 'vitest'

import { accessTokens } from './access-token.ts'

function user(token: string, lifeS: number, refresh = true): User {
  return new User({
    access_token: token,
    token_type: 'Bearer',
    profile: { sub: 'u', iss: 'i', aud: 'c', exp: 0, iat: 0 },
    expires_at: Math.floor(Date.now() / 1000) + lifeS,
    ...(refresh ? { refresh_token: 'r' } : {}),
  })
}

const manager = (known: User | null, renewal: () => Promise<User | null> = () => Promise.resolve(user('new', 3600))) => ({
  getUser: () => Promise.resolve(known),
  signinSilent: vi.fn<() => Promise<User | null>>(renewal),
})

describe('the access token', () => {
  it('is the known one while it lasts', async () => {
    const idp = manager(user('old', 3600))
    expect(await accessTokens(idp)('known')).toBe('old')
    expect(idp.signinSilent).not.toHaveBeenCalled()
  })

  it.each([['is about to run out', 'known', 59], ['has run out', 'known', -5], ['must last longer than the call knows', 'renewed', 3600]] as const)(
    'is renewed when it %s',
    async (_, proof, lifeS) => {
      expect(await accessTokens(manager(user('old', lifeS)))(proof)).toBe('new')
    },
  )

  it('is renewed once for all who ask at the same time', async () => {
    const idp = manager(user('old', 10))
    const token = accessTokens(idp)
    expect(await Promise.all([token('known'), token('renewed'), token('known')])).toEqual(['new', 'new', 'new'])
    expect(idp.signinSilent).toHaveBeenCalledTimes(1)
    await token('renewed')
    expect(idp.signinSilent).toHaveBeenCalledTimes(2)
  })

  it('does not exist before anybody has signed in, and cannot be renewed without a refresh token', async () => {
    expect(await accessTokens(manager(null))('known')).toBeNull()
    expect(await accessTokens(manager(user('old', 10, false)))('known')).toBeNull()
  })

  it('does not exist any more when the user pool refuses to renew it', async () => {
    const refused = (): Promise<User> => Promise.reject(new ErrorResponse({ error: 'invalid_grant' }))
    expect(await accessTokens(manager(user('old', 10), refused))('known')).toBeNull()
  })

  it.each([new TypeError('Failed to fetch'), new ErrorResponse({ error: 'temporarily_unavailable' })])(
    'is unknown while the user pool cannot be asked, and asked for again afterwards: %s',
    async (error) => {
      const idp = manager(user('old', 10))
      idp.signinSilent.mockRejectedValueOnce(error)
      const token = accessTokens(idp)
      await expect(token('known')).rejects.toThrow(error)
      expect(await token('known')).toBe('new')
    },
  )
})
