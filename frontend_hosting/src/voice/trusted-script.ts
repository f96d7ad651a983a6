// The page is served with `require-trusted-types-for 'script'`: a worker starts only from an address that a policy has
// vouched for. Ours vouches for files of this origin, which is all that `worker-src 'self'` would load anyway.

type TrustedTypes = {
  readonly createPolicy: (
    name: string,
    rules: { readonly createScriptURL: (url: string) => string },
  ) => { readonly createScriptURL: (url: string) => URL }
}

// Not every browser has it, and TypeScript's DOM library does not describe it.
const trustedTypes = (globalThis as { readonly trustedTypes?: TrustedTypes }).trustedTypes

const policy = trustedTypes?.createPolicy('voice-worker', { createScriptURL: sameOrigin })

/** The same address, as what `new Worker` wants to be given here. */
export function trustedScriptUrl(url: string): string | URL {
  return policy?.createScriptURL(url) ?? sameOrigin(url)
}

function sameOrigin(url: string): string {
  if (new URL(url, globalThis.location.href).origin !== globalThis.location.origin) {
    throw new TypeError(`a worker from another origin: ${url}`)
  }
  return url
}
