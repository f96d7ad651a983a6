// For tests: the golden vectors that the service's tests read too.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

type Vector = { readonly name: string; readonly subprotocols: readonly string[]; readonly binary: boolean }
export type Golden = {
  readonly clientToServer: readonly (Vector & { readonly wire: unknown; readonly fields: Fields })[]
  readonly serverToClient: readonly (Vector & { readonly wire: unknown; readonly fields: Fields })[]
  readonly refused: readonly (Vector & { readonly kind: 'text' | 'json' | 'binary'; readonly wire: unknown; readonly names: string })[]
}
export type Fields = Readonly<Record<string, unknown>> & { readonly type: string }

const file = resolve(import.meta.dirname, '../../../tests/contract/golden/client_protocol.json')

export const golden = JSON.parse(readFileSync(file, 'utf8')) as Golden

/** Only what the page's own subprotocol carries. */
export const ours = <T extends Vector>(vectors: readonly T[]): readonly T[] =>
  vectors.filter(({ subprotocols }) => subprotocols.includes('voice.v1'))

export function bytesOf(hex: unknown): ArrayBuffer {
  return new Uint8Array(Buffer.from(String(hex), 'hex')).buffer
}

export function hexOf(bytes: ArrayBuffer | ArrayBufferView): string {
  const view = ArrayBuffer.isView(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes)
  return Buffer.from(view).toString('hex')
}
