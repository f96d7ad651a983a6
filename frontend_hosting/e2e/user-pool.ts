// The user pool's stand-in: its sign-in page as people use it, and its control side as an administrator would.

import { expect, type Page } from '@playwright/test'

const USER = process.env['VOICE_USER'] ?? 'demo@example.com'
const PASSWORD = process.env['VOICE_PASSWORD'] ?? 'Talk-to-me-1'

export const ADMINISTRATOR = {
  email: process.env['VOICE_ADMINISTRATOR'] ?? 'admin@example.com',
  password: process.env['VOICE_ADMINISTRATOR_PASSWORD'] ?? 'Look-after-it-1',
}

type Config = { readonly authority: string; readonly clientId: string; readonly domain: string }

export class UserPool {
  readonly origin: string
  readonly #clientId: string
  readonly #restore: (() => Promise<void>)[] = []

  private constructor(config: Config) {
    this.origin = new URL(config.domain).origin
    this.#clientId = config.clientId
  }

  static async of(service: string): Promise<UserPool> {
    const response = await fetch(new URL('/config.json', service))
    return new UserPool((await response.json()) as Config)
  }

  /** Every test has its own address of the page, and the pool compares addresses character by character. */
  async admit(page: string): Promise<void> {
    await this.#control(`clients/${this.#clientId}`, { callbacks: [`${page}/auth/callback`], logouts: [`${page}/`] })
  }

  async shortenTokens(seconds: number): Promise<void> {
    const { clients } = (await this.#control('status')) as { clients: { id: string; accessTokenS: number }[] }
    const before = clients.find(({ id }) => id === this.#clientId)?.accessTokenS ?? 3600
    await this.#control(`clients/${this.#clientId}`, { accessTokenS: seconds })
    this.#restore.push(async () => void (await this.#control(`clients/${this.#clientId}`, { accessTokenS: before })))
  }

  /** All tokens of the user are revoked; signing in again is possible. */
  async signOutUser(): Promise<void> {
    await this.#control(`users/${USER}/sign-out`, {})
  }

  async breakDown(): Promise<void> {
    await this.#control('outage', { status: 503 })
    this.#restore.push(() => this.mend())
  }

  async mend(): Promise<void> {
    await this.#control('outage', { status: null })
  }

  /** Whether an access token, as in an Authorization header, still stands. */
  async knows(authorization: string): Promise<boolean> {
    return (await fetch(`${this.origin}/oauth2/userInfo`, { headers: { authorization } })).ok
  }

  async restore(): Promise<void> {
    for (const step of this.#restore.splice(0)) await step()
  }

  async fillIn(page: Page, password = PASSWORD, email = USER): Promise<void> {
    await page.getByLabel('Email address').fill(email)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in' }).click()
  }

  async expectPage(page: Page): Promise<void> {
    await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
    expect(new URL(page.url()).origin).toBe(this.origin)
  }

  async #control(path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.origin}/control/${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    if (!response.ok) throw new Error(`the user pool refused ${path}: ${await response.text()}`)
    return response.json()
  }
}
