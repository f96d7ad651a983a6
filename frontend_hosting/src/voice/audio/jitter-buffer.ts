// PURE. Replies arrive in bursts, faster than they are heard, and the network is uneven: this ring smooths it.
//
// A reply starts once `prebuffer` samples wait, or it has ended, or waiting brings nothing more. When it runs dry before
// its end and goes on later, that was an underrun and the next start waits longer. flush() is immediate, with a fade.

export type BufferConfig = {
  readonly capacity: number
  readonly prebuffer: number
  readonly prebufferStep: number
  readonly prebufferCap: number
  readonly fade: number
  /** Samples of waiting after which a reply starts with less than the prebuffer: it is short. */
  readonly patience: number
}

export type BufferEvent =
  | { readonly type: 'started'; readonly responseId: number }
  /** Everything that came was heard; whether more comes is not known yet. */
  | { readonly type: 'dry'; readonly responseId: number; readonly played: number }
  | { readonly type: 'stopped'; readonly responseId: number; readonly played: number; readonly flushed: boolean }

type Segment = { readonly responseId: number; queued: number; played: number; ended: boolean; started: boolean }
type Playout = 'waiting' | 'playing' | 'dry'

export function bufferConfig(sampleRateHz: number): BufferConfig {
  const samples = (ms: number): number => Math.round((sampleRateHz * ms) / 1000)
  return {
    capacity: samples(120_000),
    prebuffer: samples(80),
    prebufferStep: samples(40),
    prebufferCap: samples(240),
    fade: 128,
    patience: samples(200),
  }
}

export class JitterBuffer {
  underruns = 0
  /** Samples that found no room. */
  dropped = 0
  prebuffer: number
  readonly #config: BufferConfig
  readonly #ring: Float32Array
  readonly #fade: Float32Array
  #fadeRead: number
  #read = 0
  #size = 0
  #waited = 0
  #playout: Playout = 'waiting'
  #segments: Segment[] = []
  #held = false
  #rise = 0

  constructor(config: BufferConfig) {
    this.#config = config
    this.prebuffer = config.prebuffer
    this.#ring = new Float32Array(config.capacity)
    this.#fade = new Float32Array(config.fade)
    this.#fadeRead = config.fade
  }

  get size(): number {
    return this.#size
  }

  get held(): boolean {
    return this.#held
  }

  /** What is being heard now, how far it got and how much of it waits, in samples of this buffer's rate. */
  get current(): { readonly responseId: number; readonly played: number; readonly queued: number } | null {
    const head = this.#segments[0]
    return head?.started ? { responseId: head.responseId, played: head.played, queued: head.queued } : null
  }

  /** Fall silent with a fade and stay at this sample. */
  hold(): void {
    if (this.#held) return
    this.#held = true
    if (this.#playout === 'playing') this.#keepFade(this.#segments[0]?.queued ?? 0)
  }

  /** Go on from the sample at which it was held. */
  release(): void {
    if (!this.#held) return
    this.#held = false
    this.#rise = this.#playout === 'playing' ? this.#config.fade : 0
  }

  push(responseId: number, samples: Float32Array): void {
    if (this.#size + samples.length > this.#ring.length) {
      this.dropped += samples.length
      return
    }
    let tail = this.#segments.at(-1)
    if (tail?.responseId !== responseId) {
      // A reply that another one follows has ended, whether or not anybody said so.
      if (tail) tail.ended = true
      tail = { responseId, queued: 0, played: 0, ended: false, started: false }
      this.#segments.push(tail)
    }
    if (this.#playout === 'dry' && this.#segments[0] === tail) {
      this.underruns++
      this.prebuffer = Math.min(this.prebuffer + this.#config.prebufferStep, this.#config.prebufferCap)
      this.#playout = 'waiting'
      this.#waited = 0
    }
    const write = (this.#read + this.#size) % this.#ring.length
    const first = Math.min(samples.length, this.#ring.length - write)
    this.#ring.set(samples.subarray(0, first), write)
    this.#ring.set(samples.subarray(first), 0)
    this.#size += samples.length
    tail.queued += samples.length
  }

  /** Nothing more comes for the last reply: play what is there. */
  end(): void {
    const tail = this.#segments.at(-1)
    if (tail) tail.ended = true
  }

  /** Drop every reply up to and including this one; what is being heard fades out in a few milliseconds. */
  flush(responseId: number): BufferEvent[] {
    const events: BufferEvent[] = []
    while (this.#segments[0] && this.#segments[0].responseId <= responseId) {
      const segment = this.#segments[0]
      if (segment.started) {
        if (this.#playout === 'playing' && !this.#held) this.#keepFade(segment.queued)
        events.push(stopped(segment, true))
      }
      this.#discard(segment.queued)
      this.#segments.shift()
      this.#playout = 'waiting'
      this.#waited = 0
    }
    return events
  }

  /** Fill `output` with the next samples, silence where there are none. */
  pull(output: Float32Array): BufferEvent[] {
    const events: BufferEvent[] = []
    let at = this.#playFade(output)
    while (at < output.length && !this.#held) {
      const head = this.#segments[0]
      if (!head || !this.#mayPlay(head, output.length - at)) break
      if (!head.started) {
        head.started = true
        events.push({ type: 'started', responseId: head.responseId })
      }
      at += this.#play(head, output, at)
      if (head.queued > 0) continue
      if (!head.ended) {
        this.#playout = 'dry'
        events.push({ type: 'dry', responseId: head.responseId, played: head.played })
        break
      }
      this.#segments.shift()
      this.#playout = 'waiting'
      this.#waited = 0
      events.push(stopped(head, false))
    }
    output.fill(0, at)
    return events
  }

  #mayPlay(head: Segment, samples: number): boolean {
    if (this.#playout === 'playing' || head.ended) {
      this.#playout = 'playing'
      return true
    }
    if (this.#playout === 'dry') return false
    this.#waited += samples
    const enough = head.queued >= this.prebuffer || (head.queued > 0 && this.#waited >= this.#config.patience)
    if (enough) this.#playout = 'playing'
    return enough
  }

  #play(head: Segment, output: Float32Array, at: number): number {
    const count = Math.min(output.length - at, head.queued)
    for (let i = 0; i < count; i++) output[at + i] = this.#ring[(this.#read + i) % this.#ring.length] ?? 0
    this.#fadeIn(output.subarray(at, at + count))
    this.#discard(count)
    head.queued -= count
    head.played += count
    return count
  }

  #fadeIn(samples: Float32Array): void {
    const { fade } = this.#config
    for (let i = 0; i < samples.length && this.#rise > 0; i++, this.#rise--) samples[i] = (samples[i] ?? 0) * (1 - this.#rise / fade)
  }

  #discard(count: number): void {
    this.#read = (this.#read + count) % this.#ring.length
    this.#size -= count
  }

  #keepFade(available: number): void {
    const { fade } = this.#config
    const count = Math.min(fade, available)
    this.#fade.fill(0)
    for (let i = 0; i < count; i++) {
      this.#fade[i] = (this.#ring[(this.#read + i) % this.#ring.length] ?? 0) * (1 - i / count)
    }
    this.#fadeRead = 0
  }

  #playFade(output: Float32Array): number {
    const count = Math.min(output.length, this.#fade.length - this.#fadeRead)
    for (let i = 0; i < count; i++) output[i] = this.#fade[this.#fadeRead + i] ?? 0
    this.#fadeRead += count
    return count
  }
}

function stopped(segment: Segment, flushed: boolean): BufferEvent {
  return { type: 'stopped', responseId: segment.responseId, played: segment.played, flushed }
}
