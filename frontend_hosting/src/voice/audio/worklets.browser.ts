import { describe, expect, it } from 'vitest'

import captureUrl from './capture.worklet.ts?worker&url'
import type { CaptureToPage, PageToCapture, PageToPlayer, PlayerToCapture, PlayerToPage, SocketToPlayer } from './messages.ts'
import { bufferConfig, JitterBuffer } from './jitter-buffer.ts'
import { toFloat, toPcm16 } from './pcm.ts'
import playerUrl from './player.worklet.ts?worker&url'
import { createRecorder } from './recorder.ts'
import { Resampler } from './resampler.ts'

const BLOCK = 128
const WAIT = { timeout: 10_000 }

/** The same noise every time: each stretch of it can be told from every other. */
function noise(length: number, level = 0.5): Float32Array {
  let seed = 12_345
  return Float32Array.from({ length }, () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return level * (seed / 0x8000_0000 - 1)
  })
}

function frame(responseId: number, position: number, pcm: Int16Array): ArrayBuffer {
  const buffer = new ArrayBuffer(16 + pcm.length * 2)
  const header = new DataView(buffer)
  header.setUint8(0, 1)
  header.setUint8(1, 2)
  header.setUint32(4, responseId, true)
  header.setBigUint64(8, BigInt(position), true)
  new Int16Array(buffer, 16).set(pcm)
  return buffer
}

async function capturing(context: BaseAudioContext, player: MessagePort = new MessageChannel().port1) {
  await context.audioWorklet.addModule(captureUrl)
  const node = new AudioWorkletNode(context, 'capture', { numberOfInputs: 1, numberOfOutputs: 1, outputChannelCount: [1] })
  node.connect(context.destination)
  const socket = new MessageChannel()
  const frames: ArrayBuffer[] = []
  const events: CaptureToPage[] = []
  socket.port2.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => frames.push(data)
  node.port.onmessage = ({ data }: MessageEvent<CaptureToPage>) => events.push(data)
  const send = (command: PageToCapture, transfer: Transferable[] = []): void => node.port.postMessage(command, transfer)
  send({ type: 'ports', socket: socket.port1, player }, [socket.port1, player])
  return { node, frames, events, send }
}

async function playing(context: BaseAudioContext, capture: MessagePort = new MessageChannel().port1) {
  await context.audioWorklet.addModule(playerUrl)
  const node = new AudioWorkletNode(context, 'player', { numberOfInputs: 0, numberOfOutputs: 1, outputChannelCount: [1] })
  const socket = new MessageChannel()
  const events: PlayerToPage[] = []
  node.port.onmessage = ({ data }: MessageEvent<PlayerToPage>) => events.push(data)
  const ports: PageToPlayer = { type: 'ports', socket: socket.port1, capture }
  node.port.postMessage(ports, [socket.port1, capture])
  const receive = (message: SocketToPlayer, transfer: Transferable[] = []): void => socket.port2.postMessage(message, transfer)
  /** A whole reply at once, in frames of 20 ms, as the model sends it: faster than it is heard. */
  const reply = (responseId: number, pcm: Int16Array, rateHz: number): void => {
    const step = rateHz / 50
    for (let at = 0; at < pcm.length; at += step) {
      const audio = frame(responseId, at, pcm.slice(at, at + step))
      receive({ type: 'audio', responseId, frame: audio }, [audio])
    }
  }
  return { node, events, receive, reply }
}

/** A port does not say when its messages have arrived, and an offline context does not wait for them. */
function pauseForMessages(context: OfflineAudioContext, send: () => void): void {
  const pause = async (): Promise<void> => {
    await context.suspend((BLOCK * 2) / context.sampleRate)
    send()
    await new Promise((resolve) => {
      setTimeout(resolve, 200)
    })
    await context.resume()
  }
  void pause()
}

function source(context: BaseAudioContext, samples: Float32Array): AudioBufferSourceNode {
  const buffer = new AudioBuffer({ length: samples.length, sampleRate: context.sampleRate })
  buffer.copyToChannel(new Float32Array(samples), 0)
  return new AudioBufferSourceNode(context, { buffer })
}

const pcmOf = (frames: readonly ArrayBuffer[]): number[] => frames.flatMap((data) => [...new Int16Array(data, 16)])

describe.each([16_000, 44_100, 48_000])('at %i Hz', (rateHz) => {
  it('the capture worklet sends the microphone sample by sample', async () => {
    const context = new OfflineAudioContext({ length: rateHz, sampleRate: rateHz })
    const { node, frames } = await capturing(context)
    const input = noise(rateHz)
    const speech = source(context, input)
    speech.connect(node)
    speech.start((BLOCK * 2) / rateHz)
    pauseForMessages(context, () => undefined)
    await context.startRendering()

    const expected: number[] = []
    const resampler = rateHz === 16_000 ? null : new Resampler(rateHz, 16_000)
    const heard = Float32Array.from({ length: rateHz }, (_, at) => input[at - BLOCK * 2] ?? 0)
    for (let at = 0; at + BLOCK <= heard.length; at += BLOCK) {
      const block = heard.subarray(at, at + BLOCK)
      expected.push(...toPcm16(resampler?.process(block) ?? block))
    }
    const whole = Math.floor(expected.length / 512) * 512
    await expect.poll(() => frames.length, WAIT).toBe(whole / 512)
    expect(pcmOf(frames)).toEqual(expected.slice(0, whole))
  })

  it('the player worklet plays a reply sample by sample', async () => {
    const context = new OfflineAudioContext({ length: rateHz * 2, sampleRate: rateHz })
    const { node, receive, reply } = await playing(context)
    node.connect(context.destination)
    const pcm = toPcm16(noise(24_000))
    pauseForMessages(context, () => {
      receive({ type: 'rate', hz: 24_000 })
      reply(1, pcm, 24_000)
      receive({ type: 'end' })
    })
    const rendered = (await context.startRendering()).getChannelData(0)

    const resampler = new Resampler(24_000, rateHz)
    const buffer = new JitterBuffer(bufferConfig(rateHz))
    for (let at = 0; at < pcm.length; at += 480) buffer.push(1, resampler.process(toFloat(pcm.subarray(at, at + 480))))
    buffer.end()
    const expected = new Float32Array(rendered.length)
    for (let at = 0; at < expected.length; at += BLOCK) buffer.pull(expected.subarray(at, Math.min(at + BLOCK, expected.length)))
    // There the reply begins a few blocks later than here.
    const begin = (samples: Float32Array): number => samples.findIndex((sample) => sample !== 0)
    const length = Math.floor(rateHz * 0.9)
    const from = begin(rendered)
    expect(from).toBeGreaterThanOrEqual(0)
    expect(rendered.slice(from, from + length)).toEqual(expected.slice(begin(expected), begin(expected) + length))
  })
})

describe('a user who speaks over the reply', () => {
  /** A vowel that swells within ten milliseconds, as speech does. */
  const voice = (rateHz: number, ms: number): Float32Array =>
    Float32Array.from({ length: (rateHz * ms) / 1000 }, (_, at) => {
      const envelope = Math.min(1, at / (rateHz * 0.01))
      return envelope * 0.12 * [3, 5, 9].reduce((sum, harmonic) => sum + Math.sin((2 * Math.PI * 140 * harmonic * at) / rateHz), 0)
    })

  async function bargeIn({ blocked }: { readonly blocked: boolean }) {
    const context = new AudioContext({ latencyHint: 'interactive' })
    const rateHz = context.sampleRate
    const guard = new MessageChannel()
    const capture = await capturing(context, guard.port1)
    const player = await playing(context, guard.port2)
    const recorder = await createRecorder(context, 2)
    player.node.connect(recorder.node, 0, 1)
    await context.resume()
    capture.send({ type: 'gate', gate: 'open' })
    const pcm = toPcm16(noise(rateHz * 8, 0.3))
    player.receive({ type: 'rate', hz: rateHz })
    recorder.mark()
    player.reply(1, pcm, rateHz)
    await expect.poll(() => player.events.some(({ type }) => type === 'started'), WAIT).toBe(true)

    const speech = source(context, voice(rateHz, 500))
    speech.connect(capture.node)
    speech.connect(recorder.node, 0, 0)
    const startS = context.currentTime + 1.5
    speech.start(startS)
    if (blocked) {
      await expect.poll(() => context.currentTime > startS - 0.1, { interval: 10, timeout: 10_000 }).toBe(true)
      const untilMs = performance.now() + 300
      while (performance.now() < untilMs);
    }
    const held = (): readonly boolean[] => player.events.flatMap((event) => (event.type === 'held' ? [event.held] : []))
    await expect.poll(held, { timeout: 10_000 }).toEqual([true, false])
    await expect.poll(() => context.currentTime > startS + 2.5, { timeout: 10_000 }).toBe(true)
    const { channels: [spoken = new Float32Array(), heard = new Float32Array()], marks } = await recorder.read()
    await context.close()
    return { rateHz, sent: toFloat(pcm), spoken, heard, askedAt: marks[0] ?? -1 }
  }

  /** Where speech begins, where the reply has fallen silent, and where it goes on. */
  function moments(spoken: Float32Array, heard: Float32Array) {
    const onset = spoken.findIndex((sample) => Math.abs(sample) > 0.003)
    let silentFrom = onset
    for (let at = onset, run = 0; run < 512; at++) {
      run = heard[at] === 0 ? run + 1 : 0
      silentFrom = at - run + 1
    }
    let again = silentFrom
    while (heard[again] === 0) again++
    return { begin: heard.findIndex((sample) => sample !== 0), onset, silentFrom, again }
  }

  it('hears it fall silent within 60 ms, and go on from the same sample when the service does not confirm', async () => {
    const silences: number[] = []
    const starts: number[] = []
    for (const blocked of [false, false, true, true]) {
      const { rateHz, sent, spoken, heard, askedAt } = await bargeIn({ blocked })
      const { begin, onset, silentFrom, again } = moments(spoken, heard)
      const ms = (samples: number): number => (samples * 1000) / rateHz
      silences.push(ms(silentFrom - onset))
      starts.push(ms(begin - askedAt))

      // What was heard before is the reply from its first sample on; the fade lies over the last 128 of it.
      const heardBefore = silentFrom - begin - BLOCK
      expect(heard.slice(begin, begin + heardBefore)).toEqual(sent.slice(0, heardBefore))
      // A fade whose last samples are zero hides up to two blocks of where it stopped: find the sample it goes on with.
      const after = heard.slice(again + BLOCK, again + BLOCK + 2048)
      const resumedAt = sent.findIndex((_, at) => after.every((sample, index) => index > 64 || sample === sent[at + index]))
      expect(after).toEqual(sent.slice(resumedAt, resumedAt + 2048))
      // The first sample after the pause is the first that was faded before it: none is lost, none is skipped.
      expect(Math.abs(resumedAt - BLOCK - heardBefore)).toBeLessThanOrEqual(2)
    }
    // Printed for whoever reads the report: these are the figures of docs/client.md.
    // oxlint-disable-next-line no-console
    console.log(`onset to silence ${silences.map((ms) => ms.toFixed(1)).join(' ')} ms (the last two with the page blocked for 300 ms)`)
    // oxlint-disable-next-line no-console
    console.log(`first frame in the audio thread to first sample ${starts.map((ms) => ms.toFixed(1)).join(' ')} ms`)
    expect(Math.max(...silences)).toBeLessThanOrEqual(60)
    expect(Math.max(...starts)).toBeLessThanOrEqual(60)
  })

  it('is told apart from a click', async () => {
    const context = new AudioContext()
    const guard = new MessageChannel()
    const capture = await capturing(context, guard.port1)
    const player = await playing(context, guard.port2)
    player.node.connect(context.destination)
    await context.resume()
    player.receive({ type: 'rate', hz: context.sampleRate })
    player.reply(1, toPcm16(noise(context.sampleRate * 6, 0.1)), context.sampleRate)
    await expect.poll(() => player.events.some(({ type }) => type === 'started'), WAIT).toBe(true)
    const click = source(context, voice(context.sampleRate, 10))
    click.connect(capture.node)
    const clickS = context.currentTime + 1.5
    click.start(clickS)
    await expect.poll(() => context.currentTime > clickS + 1, { timeout: 10_000 }).toBe(true)
    expect(player.events.filter(({ type }) => type === 'held')).toEqual([])
    await context.close()
  })

  it('is flushed at the service’s word and hears nothing more', async () => {
    const context = new AudioContext()
    const capture = new MessageChannel()
    const told: PlayerToCapture[] = []
    capture.port2.onmessage = ({ data }: MessageEvent<PlayerToCapture>) => told.push(data)
    const player = await playing(context, capture.port1)
    const recorder = await createRecorder(context, 1)
    player.node.connect(recorder.node)
    await context.resume()
    player.receive({ type: 'rate', hz: context.sampleRate })
    player.reply(1, toPcm16(noise(context.sampleRate * 4)), context.sampleRate)
    await expect.poll(() => player.events.some(({ type }) => type === 'started'), WAIT).toBe(true)
    recorder.mark()
    player.receive({ type: 'flush', responseId: 1 })
    await expect.poll(() => player.events.some((event) => event.type === 'stopped' && event.flushed), WAIT).toBe(true)
    await expect.poll(() => told.at(-1), WAIT).toEqual({ type: 'audible', audible: false })
    const { channels: [heard = new Float32Array()], marks: [mark = 0] } = await recorder.read()
    await context.close()
    const last = heard.findLastIndex((sample) => sample !== 0)
    expect(((last - mark) * 1000) / context.sampleRate).toBeLessThan(30)
  })
})
