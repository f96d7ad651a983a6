// Owns the WebSocket, away from the main thread: a busy page delays no audio in either direction.

import type { PageToSocket } from './audio/messages.ts'
import { SocketRelay } from './socket-relay.ts'

const TICK_MS = 500

const relay = new SocketRelay({
  tell: (event) => self.postMessage(event),
  connect: (url, protocols) => new WebSocket(url, protocols),
  now: () => performance.now(),
  epochMs: () => Date.now(),
})
self.onmessage = ({ data }: MessageEvent<PageToSocket>) => relay.obey(data)
setInterval(() => relay.tick(), TICK_MS)
