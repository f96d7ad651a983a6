// A call needs three more files. They are fetched while the page is idle, so that a call starts at once, and so that a
// network that fails later is met by the call's own handling rather than by half a page.

import { CAPTURE_URL } from './audio/capture.ts'
import { PLAYER_URL } from './audio/player.ts'
import { WORKER_URL } from './socket.ts'

/** Bring the worklets and the worker into the browser's cache; what fails now is fetched when it is needed. */
export async function preload(fetch: (url: string) => Promise<unknown> = globalThis.fetch): Promise<void> {
  await Promise.allSettled([CAPTURE_URL, PLAYER_URL, WORKER_URL].map((url) => fetch(url)))
}
