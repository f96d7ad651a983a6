// What went into the page's microphone and what came out of its loudspeaker, recorded within the running page on one clock.

import type { Page } from '@playwright/test'

declare global {
  var tapped: Taps | undefined
  var contexts: AudioContext[] | undefined
}

/** The loudest sample of each block of both, side by side. */
export type Taps = { readonly rateHz: number; readonly microphone: number[]; readonly speaker: number[] }

/** Samples; three quarters of a millisecond. */
export const BLOCK = 32

/** Runs in the page, before it: everything that is connected to the loudspeaker, and every microphone, is listened to as well. */
const TAP = (block: number): void => {
  globalThis.contexts = []
  const connect = AudioNode.prototype.connect as (this: AudioNode, ...given: unknown[]) => unknown
  const taps = new Map<BaseAudioContext, ChannelMergerNode>()
  const tapOf = (context: AudioContext): ChannelMergerNode => {
    const known = taps.get(context)
    if (known) return known
    const merger = new ChannelMergerNode(context, { numberOfInputs: 2 })
    taps.set(context, merger)
    globalThis.contexts?.push(context)
    globalThis.tapped = { rateHz: context.sampleRate, microphone: [], speaker: [] }
    // Deprecated, and the one way to record that needs no file of its own under this page's policy.
    const processor = context.createScriptProcessor(4096, 2, 1)
    processor.onaudioprocess = ({ inputBuffer }) => {
      for (const [channel, into] of [[0, globalThis.tapped?.microphone], [1, globalThis.tapped?.speaker]] as const) {
        const samples = inputBuffer.getChannelData(channel)
        for (let at = 0; at < samples.length; at += block) {
          let peak = 0
          for (let i = at; i < at + block; i++) peak = Math.max(peak, Math.abs(samples[i] ?? 0))
          into?.push(peak)
        }
      }
    }
    connect.call(merger, processor)
    connect.call(processor, context.destination)
    return merger
  }
  AudioNode.prototype.connect = function tapping(this: AudioNode, ...given: unknown[]): AudioNode {
    const { context } = this
    if (context instanceof AudioContext) {
      // The capture worklet is connected too, and plays nothing.
      if (given[0] instanceof AudioDestinationNode && this instanceof GainNode) connect.call(this, tapOf(context), 0, 1)
      if (this instanceof MediaStreamAudioSourceNode) connect.call(this, tapOf(context), 0, 0)
    }
    return connect.call(this, ...given) as AudioNode
  } as AudioNode['connect']
}

export async function tap(page: Page): Promise<void> {
  await page.addInitScript(TAP, BLOCK)
}

export async function tapped(page: Page): Promise<Taps> {
  return page.evaluate(() => globalThis.tapped ?? { rateHz: 1, microphone: [], speaker: [] })
}

/** -50 dBFS: a room is quieter, a voice is louder. */
const SOUND = 0.003
const QUIET_BEFORE_MS = 500
const HEARD_BEFORE_MS = 300
const SILENT_AFTER_MS = 250

export type BargeIn = { readonly onsetMs: number; readonly silentAfterMs: number }

/** Each time the user began to speak while the assistant was heard: how long it took until nothing was heard. */
export function bargeIns({ rateHz, microphone, speaker }: Taps): readonly BargeIn[] {
  const blocks = (ms: number): number => Math.round((ms / 1000) * (rateHz / BLOCK))
  const toMs = (count: number): number => (count * BLOCK * 1000) / rateHz
  const isQuiet = (sound: readonly number[], from: number, count: number): boolean => sound.slice(Math.max(0, from), from + count).every((peak) => peak < SOUND)
  const found: BargeIn[] = []
  for (let at = blocks(QUIET_BEFORE_MS); at < microphone.length; at++) {
    if ((microphone[at] ?? 0) < SOUND || !isQuiet(microphone, at - blocks(QUIET_BEFORE_MS), blocks(QUIET_BEFORE_MS))) continue
    if (isQuiet(speaker, at - blocks(HEARD_BEFORE_MS), blocks(HEARD_BEFORE_MS))) continue
    let silent = at
    while (silent < speaker.length && !isQuiet(speaker, silent, blocks(SILENT_AFTER_MS))) silent++
    // One that the recording breaks off is no measurement.
    if (silent + blocks(SILENT_AFTER_MS) <= speaker.length) found.push({ onsetMs: toMs(at), silentAfterMs: toMs(silent - at) })
  }
  return found
}
