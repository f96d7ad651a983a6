// One page in one browser, as a person would use it, and what it measured.

import { type Browser, type BrowserContextOptions, chromium, expect, type Page, test as base } from '@playwright/test'

import { Line } from './line.ts'
import { UserPool } from './user-pool.ts'
import { soundFile } from './sound.ts'

export type Sound = { readonly name: string; readonly parts: readonly (number | 'question')[]; readonly loop?: boolean }

/** Said once, after the call has had time to start; then a quiet room. */
export const ASKS_ONCE: Sound = { name: 'asks-once', parts: [3, 'question', 60] }
/** Asks again and again: the next question falls into the answer to the last. */
export const ASKS_ON: Sound = { name: 'asks-on', parts: [2.5, 'question', 1.5], loop: true }
export const SILENCE: Sound = { name: 'silence', parts: [60] }

declare global {
  var seenPhases: string[] | undefined
}

/** Phases may last a tenth of a second, so the page records them; nobody waits for them by selector. */
const RECORD_PHASES = (): void => {
  globalThis.seenPhases = []
  const note = (): void => {
    const phase = document.querySelector('main')?.dataset['phase']
    if (phase !== undefined && globalThis.seenPhases?.at(-1) !== phase) globalThis.seenPhases?.push(phase)
  }
  new MutationObserver(note).observe(document, { subtree: true, childList: true, attributeFilter: ['data-phase'] })
}

const ARGUMENTS = [
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-domain-reliability',
  '--no-first-run',
]

export class Call {
  readonly page: Page
  readonly faults: string[] = []
  readonly #tolerated: RegExp[] = [/WebSocket|ERR_/u]
  readonly #origin: string
  readonly #pool: UserPool

  constructor(page: Page, origin: string, pool: UserPool) {
    this.page = page
    this.#origin = origin
    this.#pool = pool
    page.on('console', (message) => {
      // A refused socket is reported by the browser itself; whether the page copes is what is tested.
      const expected = this.#tolerated.some((pattern) => pattern.test(message.text()))
      if (message.type() === 'error' && !expected) this.faults.push(message.text())
    })
    page.on('pageerror', (error) => this.faults.push(String(error)))
    page.on('request', (request) => {
      const known = [origin, pool.origin].includes(new URL(request.url()).origin) || request.url().startsWith('blob:')
      if (!known) this.faults.push(`outside request: ${request.url()}`)
    })
  }

  /** What the browser itself reports of an answer that this test makes fail. */
  tolerate(pattern: RegExp): void {
    this.#tolerated.push(pattern)
  }

  async open(as?: { readonly email: string; readonly password: string }): Promise<void> {
    await this.page.addInitScript(RECORD_PHASES)
    await this.page.goto(this.#origin)
    await this.page.getByRole('button', { name: 'Sign in' }).click()
    await this.#pool.fillIn(this.page, as?.password, as?.email)
    await this.expectSignedIn()
    // The page fetches what a call needs while it is idle; a line that breaks later finds it there.
    await this.page.waitForLoadState('networkidle')
  }

  async expectSignedIn(): Promise<void> {
    await expect(this.page.getByRole('combobox', { name: 'Voice' })).toBeVisible()
  }

  async start(): Promise<void> {
    await this.page.getByRole('button', { name: 'Start talking' }).click()
    await this.expectPhase('listening')
  }

  get log(): ReturnType<Page['getByRole']> {
    return this.page.getByRole('log')
  }

  get replies(): ReturnType<Page['locator']> {
    return this.log.locator('[data-role=assistant]')
  }

  async type(text: string): Promise<void> {
    await this.page.getByRole('textbox', { name: 'Message' }).fill(text)
    await this.page.keyboard.press('Enter')
  }

  /** That the call has come to this phase at some time since it was opened. */
  async expectPhase(phase: string, timeout = 20_000): Promise<void> {
    await expect.poll(() => this.phases(), { timeout, intervals: [50] }).toContain(phase)
  }

  phases(): Promise<readonly string[]> {
    return this.page.evaluate(() => globalThis.seenPhases ?? [])
  }

  forgetPhases(): Promise<void> {
    return this.page.evaluate(() => {
      globalThis.seenPhases = []
    })
  }

  /** Samples that left the player and were not silence, counted in the player's worklet. */
  playedSamples(): Promise<number> {
    return this.page.evaluate(() => globalThis.voiceMeters?.playedSamples ?? -1)
  }

  async expectSound(): Promise<void> {
    const before = await this.playedSamples()
    await expect.poll(() => this.playedSamples(), { timeout: 20_000 }).toBeGreaterThan(before + 12_000)
  }

  /** Nothing is heard for a second, from `withinMs` on. */
  async expectQuiet(withinMs: number): Promise<void> {
    await this.page.waitForTimeout(withinMs)
    const before = await this.playedSamples()
    await this.page.waitForTimeout(1000)
    expect(await this.playedSamples()).toBe(before)
  }

  async screenshot(name: string): Promise<void> {
    await this.page.evaluate(() => document.fonts.ready)
    await this.page.screenshot({ path: `artefacts/screens/${name}.png` })
  }
}

type Fixtures = {
  readonly sound: Sound
  readonly look: BrowserContextOptions
  readonly browserWithSound: Browser
  readonly line: Line
  readonly pool: UserPool
  readonly call: Call
}

export const test = base.extend<Fixtures>({
  sound: [SILENCE, { option: true }],
  look: [{}, { option: true }],
  browserWithSound: async ({ sound }, use) => {
    const file = soundFile(sound.name, sound.parts)
    const browser = await chromium.launch({
      executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
      chromiumSandbox: false,
      args: [...ARGUMENTS, `--use-file-for-fake-audio-capture=${file}${sound.loop ? '' : '%noloop'}`],
    })
    await use(browser)
    await browser.close()
  },
  line: async ({ baseURL }, use) => {
    const line = await Line.to(baseURL ?? '')
    await use(line)
    line.close()
  },
  pool: async ({ baseURL, line }, use) => {
    const pool = await UserPool.of(baseURL ?? '')
    await pool.admit(line.url)
    await use(pool)
  },
  call: async ({ browserWithSound, line, pool, look, viewport }, use) => {
    const context = await browserWithSound.newContext({ viewport, permissions: ['microphone'], ...look })
    const call = new Call(await context.newPage(), line.url, pool)
    await use(call)
    await context.close()
    await pool.restore()
    expect(call.faults).toEqual([])
  },
})

export { expect } from '@playwright/test'
