// What the page asks the service over HTTP: the languages and voices it offers, and why it refuses a call.

import type { Problem } from './problems.ts'
import type { Patience } from './sound.ts'

export type Voice = { readonly id: string; readonly name: string }
export type Language = { readonly code: string; readonly name: string; readonly voices: readonly Voice[] }
export type Options = {
  readonly model: string
  readonly languages: readonly Language[]
  readonly defaults: { readonly language: string; readonly voice: string }
  /** Null from a service that does not say. */
  readonly patience: Patience | null
}

type Fetch = (path: string, init?: RequestInit) => Promise<Response>

const TIMEOUT_MS = 5000

/** The choices, or the problem that keeps the page from having them. */
export async function fetchOptions(fetch: Fetch = globalThis.fetch): Promise<Options | Problem> {
  try {
    const response = await fetch('/api/options', { signal: AbortSignal.timeout(TIMEOUT_MS) })
    if (!response.ok) return await refusal(response)
    return parseOptions(await response.json()) ?? { code: 'serviceRefused', detail: null }
  } catch {
    return { code: 'serviceUnreachable', detail: null }
  }
}

/** A browser is not told why an upgrade was refused; the health check knows the same reasons. */
export async function diagnose(fetch: Fetch = globalThis.fetch): Promise<Problem> {
  try {
    const response = await fetch('/health/ready', { signal: AbortSignal.timeout(TIMEOUT_MS) })
    return response.ok ? { code: 'serviceRefused', detail: null } : await refusal(response)
  } catch {
    return { code: 'serviceUnreachable', detail: null }
  }
}

/** RFC 9457: `detail` is meant for people; so are the health check's reasons. */
async function refusal(response: Response): Promise<Problem> {
  // A gateway in front of a service that is gone answers in its place.
  const code = response.status === 502 || response.status === 504 ? 'serviceUnreachable' : 'serviceRefused'
  const body: unknown = await response.json().catch(() => null)
  return { code, detail: sentence(body) }
}

function sentence(body: unknown): string | null {
  if (!isObject(body)) return null
  for (const key of ['detail', 'reasons', 'reason', 'title']) {
    const value = body[key]
    if (typeof value === 'string' && value !== '') return value
    if (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string')) return value.join(' ')
  }
  return null
}

export function parseOptions(body: unknown): Options | null {
  if (!isObject(body) || !Array.isArray(body['languages']) || !isObject(body['defaults'])) return null
  const { language, voice } = body['defaults']
  if (typeof language !== 'string' || typeof voice !== 'string' || typeof body['model'] !== 'string') return null
  const languages = body['languages'].map(parseLanguage)
  if (!languages.every((parsed) => parsed !== null)) return null
  return { model: body['model'], languages, defaults: { language, voice }, patience: parsePatience(body) }
}

function parsePatience({ silenceThresholdMs, watchdogMs }: Readonly<Record<string, unknown>>): Patience | null {
  return typeof silenceThresholdMs === 'number' && typeof watchdogMs === 'number' ? { silenceThresholdMs, watchdogMs } : null
}

function parseLanguage(body: unknown): Language | null {
  if (!isObject(body) || typeof body['code'] !== 'string' || !Array.isArray(body['voices'])) return null
  const voices = body['voices'].map((voice: unknown) => {
    if (!isObject(voice) || typeof voice['id'] !== 'string') return null
    return { id: voice['id'], name: typeof voice['name'] === 'string' ? voice['name'] : capitalised(voice['id']) }
  })
  if (!voices.every((voice) => voice !== null)) return null
  return { code: body['code'], name: typeof body['name'] === 'string' ? body['name'] : body['code'], voices }
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
