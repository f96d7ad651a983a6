// The socket worker, as the page sees it.

import type { PageToSocket, SocketToPage } from './audio/messages.ts'
import { type ClientMessage, SOCKET_PATH, SUBPROTOCOL } from './protocol.ts'
import workerUrl from './socket.worker.ts?worker&url'
import { trustedScriptUrl } from './trusted-script.ts'

/** The ends of the sound's way that belong to the socket. */
export type SocketPorts = { readonly capture: MessagePort; readonly player: MessagePort }

export type VoiceSocket = {
  readonly connect: (ports: SocketPorts) => void
  readonly open: (ticket: string) => void
  readonly send: (message: ClientMessage) => void
  readonly close: () => void
  readonly dispose: () => void
}

export type OpenSocket = (onEvent: (event: SocketToPage) => void) => VoiceSocket

export const WORKER_URL: string = workerUrl

/** /api and /ws share one origin; the address never carries a query. */
export function socketUrl(location: { readonly protocol: string; readonly host: string }): string {
  return `${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}${SOCKET_PATH}`
}

/** A browser gives a WebSocket no headers, and an address ends up in logs; the list of subprotocols does neither. */
export function protocolsWith(ticket: string): string[] {
  return [SUBPROTOCOL, `ticket.${ticket}`]
}

/** Opens sockets to the service at this address. */
export const createSocket = (service: { readonly protocol: string; readonly host: string }): OpenSocket => (onEvent) => {
  const worker = new Worker(trustedScriptUrl(workerUrl), { type: 'module' })
  worker.onmessage = ({ data }: MessageEvent<SocketToPage>) => onEvent(data)
  const tell = (command: PageToSocket, transfer: Transferable[] = []): void => worker.postMessage(command, transfer)
  return {
    connect: ({ capture, player }) => tell({ type: 'ports', capture, player }, [capture, player]),
    open: (ticket) => tell({ type: 'open', url: socketUrl(service), protocols: protocolsWith(ticket) }),
    send: (message) => tell({ type: 'send', message }),
    close: () => tell({ type: 'close' }),
    dispose: () => worker.terminate(),
  }
}
