// PURE. /config.json: where and how this page signs its users in, so that one build serves every environment.

export type PageConfig = {
  /** The issuer; OpenID Connect discovery is below it. */
  readonly authority: string
  readonly clientId: string
  /** Cognito's own domain, for /logout. */
  readonly domain: string
  readonly scopes: readonly string[]
  /** Whose members are shown the way to the dashboard. */
  readonly adminGroup: string
}

/** The service's own default. */
export const ADMIN_GROUP = 'admins'

/** The sentence names what is wrong with the file, for whoever deployed it. */
export class ConfigError extends Error {}

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

export function parseConfig(text: string): PageConfig {
  const body = parse(text)
  const scopes = body['scopes']
  if (!Array.isArray(scopes) || !scopes.every((scope) => typeof scope === 'string') || !scopes.includes('openid')) {
    throw new ConfigError('/config.json: scopes is not a list of texts with openid among them')
  }
  const adminGroup = 'adminGroup' in body ? word(body, 'adminGroup') : ADMIN_GROUP
  return { authority: address(body, 'authority'), clientId: word(body, 'clientId'), domain: address(body, 'domain'), scopes, adminGroup }
}

function parse(text: string): Readonly<Record<string, unknown>> {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw new ConfigError('/config.json is not JSON')
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new ConfigError('/config.json is not a JSON object')
  return body as Readonly<Record<string, unknown>>
}

function word(body: Readonly<Record<string, unknown>>, key: string): string {
  const value = body[key]
  if (typeof value !== 'string' || value === '') throw new ConfigError(`/config.json: ${key} is missing or not a text`)
  return value
}

/** Passwords and tokens go there: https, or this machine. Without the slash that people like to add. */
function address(body: Readonly<Record<string, unknown>>, key: string): string {
  const text = word(body, key)
  const url = URL.canParse(text) ? new URL(text) : null
  const safe = url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.has(url.hostname))
  if (!url || !safe || url.search !== '' || url.hash !== '') throw new ConfigError(`/config.json: ${key} is not an https address`)
  return text.replace(/\/+$/u, '')
}
