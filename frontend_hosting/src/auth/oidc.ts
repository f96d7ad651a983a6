// How this page speaks OpenID Connect: authorization code with PKCE, tokens in memory only (RFC 10017).
//
// A reload forgets the tokens; the user pool's own session brings them back by one redirect, without a password.

import { InMemoryWebStorage, type UserManagerSettings, WebStorageStateStore } from 'oidc-client-ts'

import type { PageConfig } from './config.ts'

export const CALLBACK_PATH = '/auth/callback'
const TIMEOUT_S = 5

/** `storage` holds the PKCE verifier and the whereabouts while the user is away at the user pool, and nothing longer than that. */
export function oidcSettings(config: PageConfig, origin: string, storage: Storage): UserManagerSettings {
  return {
    authority: config.authority,
    client_id: config.clientId,
    redirect_uri: `${origin}${CALLBACK_PATH}`,
    scope: config.scopes.join(' '),
    userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
    stateStore: new WebStorageStateStore({ store: storage }),
    // The ID token says all that is shown.
    loadUserInfo: false,
    monitorSession: false,
    revokeTokenTypes: ['refresh_token'],
    // Renewed when a proof is needed (access-token.ts): a page that nobody uses renews nothing.
    automaticSilentRenew: false,
    requestTimeoutInSeconds: TIMEOUT_S,
    silentRequestTimeoutInSeconds: TIMEOUT_S,
  }
}

/** Cognito's own sign-out: not OpenID Connect's address, and not its names. `origin` with its slash must be registered. */
export function logoutUrl(config: PageConfig, origin: string): string {
  return `${config.domain}/logout?${new URLSearchParams({ client_id: config.clientId, logout_uri: `${origin}/` })}`
}

/** What a redirect to the user pool takes along and brings back. */
export type Whereabouts = { readonly path: string; readonly kept: string | null }

export function keptIn(state: unknown): string | null {
  return typeof state === 'object' && state !== null && 'kept' in state && typeof state.kept === 'string' ? state.kept : null
}

/** Where the user was before signing in; never another site, and never the callback itself. */
export function returnPath(state: unknown): string {
  const path = typeof state === 'object' && state !== null && 'path' in state ? state.path : null
  if (typeof path !== 'string' || !/^\/(?![/\\])/u.test(path) || path.startsWith(CALLBACK_PATH)) return '/'
  return path
}
