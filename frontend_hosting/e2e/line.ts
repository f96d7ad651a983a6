// The line between the page and the service, which can be cut, held and mended: a plain TCP relay.

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** Sees what passes over one connection. */
export type Watcher = { readonly fromPage: (chunk: Buffer) => void; readonly fromService: (chunk: Buffer) => void }

export class Line {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #open = true
  #held = false
  #watch: (() => Watcher) | null = null

  private constructor(target: URL) {
    this.#server = createServer((near) => this.#relay(near, target))
  }

  static async to(target: string): Promise<Line> {
    const line = new Line(new URL(target))
    line.#server.listen(0, '127.0.0.1')
    await once(line.#server, 'listening')
    return line
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Every connection that is made from now on. */
  watch(each: () => Watcher): void {
    this.#watch = each
  }

  /** Every connection breaks and none is made. */
  cut(): void {
    this.#open = false
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Connections stay and carry nothing, as when a train enters a tunnel. */
  hold(): void {
    this.#held = true
    for (const socket of this.#sockets) socket.pause()
  }

  mend(): void {
    this.#open = true
    this.#held = false
    for (const socket of this.#sockets) socket.resume()
  }

  close(): void {
    this.cut()
    this.#server.close()
  }

  #relay(near: Socket, target: URL): void {
    if (!this.#open) {
      near.destroy()
      return
    }
    const far = connect(Number(target.port || 80), target.hostname)
    const watcher = this.#watch?.()
    near.on('data', (chunk: Buffer) => watcher?.fromPage(chunk))
    far.on('data', (chunk: Buffer) => watcher?.fromService(chunk))
    for (const [from, to] of [[near, far], [far, near]] as const) {
      this.#sockets.add(from)
      from.on('data', (chunk) => to.write(chunk))
      from.on('end', () => to.end())
      from.on('error', () => to.destroy())
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
      if (this.#held) from.pause()
    }
  }
}
