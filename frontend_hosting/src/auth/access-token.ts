// The access token in hand, or a newer one. One renewal at a time: a refresh token is rotated when it is used.

import { ErrorResponse, type User, type UserManager } from 'oidc-client-ts'

import type { AccessToken } from '../voice/tickets.ts'

/** A token about to run out would be refused on its way. */
const LEAST_LIFE_S = 60

export function accessTokens(manager: Pick<UserManager, 'getUser' | 'signinSilent'>): AccessToken {
  let renewing: Promise<string | null> | null = null
  const renew = async (user: User): Promise<string | null> => {
    if (user.refresh_token === undefined) return null
    try {
      return (await manager.signinSilent())?.access_token ?? null
    } catch (error) {
      if (isRefusal(error)) return null
      throw error
    }
  }
  return async (proof) => {
    if (renewing) return renewing
    const user = await manager.getUser()
    if (!user) return null
    if (proof === 'known' && (user.expires_in ?? 0) > LEAST_LIFE_S) return user.access_token
    renewing ??= renew(user).finally(() => {
      renewing = null
    })
    return renewing
  }
}

/** RFC 6749: these say that trying again is of no use. */
function isRefusal(error: unknown): boolean {
  return error instanceof ErrorResponse && ['invalid_grant', 'invalid_client', 'unauthorized_client'].includes(error.error ?? '')
}
