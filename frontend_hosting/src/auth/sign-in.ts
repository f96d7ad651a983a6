// The sign-in of this page: made ready from /config.json, asked for access tokens, and ended everywhere.

import { UserManager } from 'oidc-client-ts'

import type { AccessToken } from '../voice/tickets.ts'
import { accessTokens } from './access-token.ts'
import { ADMIN_GROUP, ConfigError, type PageConfig, parseConfig } from './config.ts'
import { keptIn, logoutUrl, oidcSettings, returnPath, type Whereabouts } from './oidc.ts'
import type { SignInProblem } from './problems.ts'

/** `returning`: somebody was signed in when this page was left. */
type Ready = { readonly status: 'ready'; readonly manager: UserManager; readonly returning: boolean }
export type Prepared = Ready | { readonly status: 'failed'; readonly problem: SignInProblem }

export type SignInPorts = {
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>
  readonly origin: string
  /** Throws where storage is blocked. */
  readonly sessionStorage: () => Storage
  readonly isSecure: boolean
  /** Where in the page the user is. */
  readonly path: () => string
  readonly goTo: (url: string) => void
  /** Whatever runs in the name of the user ends. */
  readonly onLeave: () => void
  /** What the page wants to find again after a redirect, and its return. */
  readonly keep: () => string | null
  readonly restore: (kept: string) => void
}

/** Set while somebody is signed in here, so that a reload brings them back without a question. */
const RETURN_KEY = 'auth.return'
const CHANNEL = 'auth'
const SIGNED_OUT = 'signed out'
const TIMEOUT_MS = 5000

export class SignIn {
  readonly #ports: SignInPorts
  readonly #channel: BroadcastChannel
  #preparing: Promise<Prepared> | null = null
  #ready: { readonly config: PageConfig; readonly manager: UserManager; readonly accessToken: AccessToken } | null = null

  constructor(ports: SignInPorts) {
    this.#ports = ports
    this.#channel = new BroadcastChannel(CHANNEL)
    this.#channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data === SIGNED_OUT) void this.#forget().then(() => this.#ports.goTo('/'))
    }
  }

  readonly accessToken: AccessToken = (proof) => this.#ready?.accessToken(proof) ?? Promise.resolve(null)

  get adminGroup(): string {
    return this.#ready?.config.adminGroup ?? ADMIN_GROUP
  }

  /** Once; after a failure, again. */
  async prepare(): Promise<Prepared> {
    this.#preparing ??= this.#prepare()
    const prepared = await this.#preparing
    if (prepared.status === 'failed') this.#preparing = null
    return prepared
  }

  async #prepare(): Promise<Prepared> {
    const { fetch, origin, isSecure } = this.#ports
    if (!isSecure) return failed('insecure')
    const storage = this.#storage()
    if (!storage) return failed('storageBlocked')
    try {
      const response = await fetch('/config.json', { signal: AbortSignal.timeout(TIMEOUT_MS) })
      if (!response.ok) return failed(isGateway(response.status) ? 'serviceUnreachable' : 'configMissing', `/config.json: ${response.status}`)
      const config = parseConfig(await response.text())
      const manager = new UserManager(oidcSettings(config, origin, storage))
      this.#ready = { config, manager, accessToken: accessTokens(manager) }
      return { status: 'ready', manager, returning: takeReturning(storage) }
    } catch (error) {
      return error instanceof ConfigError ? failed('configWrong', error.message) : failed('serviceUnreachable')
    }
  }

  /** Whether the user pool can be reached just now. */
  async poolAnswers(): Promise<boolean> {
    const authority = this.#ready?.config.authority
    if (authority === undefined) return false
    try {
      const url = `${authority}/.well-known/openid-configuration`
      return (await this.#ports.fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), cache: 'no-store' })).ok
    } catch {
      return false
    }
  }

  /** For `signinRedirect`; the library keeps it in this tab's storage and takes it out again on return. */
  whereabouts(): Whereabouts {
    const { path, keep } = this.#ports
    return { path: path(), kept: keep() }
  }

  /** Somebody has signed in: a reload brings them back. Answers where they were. */
  arrive(state: unknown): string {
    this.#storage()?.setItem(RETURN_KEY, 'yes')
    const kept = keptIn(state)
    if (kept !== null) this.#ports.restore(kept)
    return returnPath(state)
  }

  /** Out of this page, its other windows, everything that their refresh tokens brought, and the user pool's own session. */
  async leave(): Promise<void> {
    const ready = this.#ready
    if (!ready) return
    this.#channel.postMessage(SIGNED_OUT)
    await this.#forget()
    this.#ports.goTo(logoutUrl(ready.config, this.#ports.origin))
  }

  async #forget(): Promise<void> {
    this.#ports.onLeave()
    this.#storage()?.removeItem(RETURN_KEY)
    const manager = this.#ready?.manager
    // A user pool that does not answer keeps nobody signed in here.
    await manager?.revokeTokens(['refresh_token']).catch(() => undefined)
    await manager?.removeUser()
  }

  #storage(): Storage | null {
    try {
      const storage = this.#ports.sessionStorage()
      storage.setItem('auth.probe', '')
      storage.removeItem('auth.probe')
      return storage
    } catch {
      return null
    }
  }
}

/** Asked once, so that a redirect that fails does not go in circles. */
function takeReturning(storage: Storage): boolean {
  const returning = storage.getItem(RETURN_KEY) === 'yes'
  storage.removeItem(RETURN_KEY)
  return returning
}

const failed = (code: SignInProblem['code'], detail: string | null = null): Prepared => ({ status: 'failed', problem: { code, detail } })

const isGateway = (status: number): boolean => status >= 502 && status <= 504
