// For tests: a conversation whose microphone, loudspeaker and socket are lists of what was asked of them.

import { expect, vi } from 'vitest'

import type { AudioListener } from './audio/audio-path.ts'
import type { Devices, OpenMicrophone } from './audio/device-choice.ts'
import type { SocketToPage } from './audio/messages.ts'
import { Conversation } from './conversation.ts'
import type { Problem } from './problems.ts'
import type { ClientMessage, Ready, ServerMessage } from './protocol.ts'
import { phaseOf } from './call-state.ts'
import { createVoiceStore } from './store.ts'
import type { Proof, TicketRefused } from './tickets.ts'

export const READY: Ready = {
  type: 'ready', seq: 1, sessionId: 's', conversationId: 'c', epoch: 1, lastTurn: 0, resumeToken: null, resumed: false, model: 'm',
  language: 'en-US', voice: 'tiffany', inputSampleRateHz: 16000, outputSampleRateHz: 24000, silenceThresholdMs: 800,
  watchdogMs: 2000, heartbeatMs: 20000,
  limits: { messageBytes: 32768, inputRate: 1.25, controlPerS: 20, sessionS: 3600, idleS: 300, textChars: 1000 },
}

const MICROPHONE: OpenMicrophone = { id: 'a', groupId: 'g', label: 'Headset', echoCancelled: true }

/** A page whose microphone, loudspeaker and socket are lists of what was asked of them. */
export function page({
  unplugged = false,
  microphone = 'open' as 'open' | Error,
  network = 'there' as 'there' | 'missing',
  diagnosis = { code: 'serviceUnreachable', detail: null } as Problem,
  tickets = (_proof: Proof): string | TicketRefused => 'ticket',
} = {}) {
  const done: string[] = []
  const sent: ClientMessage[] = []
  let socket: (event: SocketToPage) => void = () => expect.fail('no socket was opened')
  let audio: AudioListener | undefined
  const store = createVoiceStore()
  const channel = new MessageChannel()
  let plugged: Devices = { microphones: [{ id: 'a', groupId: 'g', label: 'Headset' }], speakers: [] }
  let plug = (): void => expect.fail('nobody watches the devices')
  const conversation = new Conversation(store, {
    openAudio: async ({ microphone: wanted }, listener) => {
      done.push(wanted ? 'microphone asked' : 'loudspeaker only')
      if (microphone !== 'open') throw microphone
      listener.onMicrophoneOpened()
      if (wanted) listener.onMicrophone(MICROPHONE)
      if (unplugged) listener.onMicrophoneLost()
      audio = listener
      return Promise.resolve({
        socketPorts: { capture: channel.port1, player: channel.port2 },
        outputLatencyMs: () => 30,
        setGate: (gate) => done.push(`gate ${gate}`),
        setSilenceThreshold: (ms) => done.push(`silence ${ms}`),
        utteranceClosed: () => done.push('utterance closed'),
        useMicrophone: async (id) => {
          done.push(`microphone ${id ?? 'default'}`)
          listener.onMicrophone({ ...MICROPHONE, id: id ?? 'default' })
          return Promise.resolve()
        },
        useSpeaker: async (id) => {
          done.push(`speaker ${id ?? 'default'}`)
          return Promise.resolve(true)
        },
        setVolume: (volume) => done.push(`volume ${volume}`),
        useDetector: async (detector) => {
          done.push(`detector ${detector}`)
          return network === 'there' ? Promise.resolve() : Promise.reject(new TypeError('Failed to fetch'))
        },
        resume: () => done.push('resumed'),
        close: () => done.push('audio closed'),
      })
    },
    openSocket: (onEvent) => {
      socket = onEvent
      return {
        connect: () => done.push('ports handed over'),
        open: (ticket) => done.push(ticket === 'ticket' ? 'socket opened' : `socket opened with ${ticket}`),
        send: (message) => sent.push(message),
        close: () => done.push('socket closed'),
        dispose: () => done.push('worker ended'),
      }
    },
    devices: {
      list: () => Promise.resolve(plugged),
      watch: (listener) => {
        plug = listener
        return () => done.push('devices not watched')
      },
    },
    getTicket: (proof) => {
      const answer = tickets(proof)
      return typeof answer === 'string' ? Promise.resolve(answer) : Promise.reject(answer)
    },
    diagnose: () => Promise.resolve(diagnosis),
    now: () => Date.now(),
    random: () => 0.5,
  })
  return {
    conversation,
    store,
    done,
    sent,
    phase: () => phaseOf(store.getState()),
    receive: (message: ServerMessage) => socket({ type: 'message', message, audioMs: 0 }),
    /** These are there from now on. */
    plug: async (devices: Partial<Devices>): Promise<void> => {
      plugged = { ...plugged, ...devices }
      plug()
      await vi.advanceTimersByTimeAsync(0)
    },
    socket: (event: SocketToPage) => socket(event),
    audio: (): AudioListener => audio ?? expect.fail('no audio was opened'),
  }
}

type Page = ReturnType<typeof page>

export async function live(options?: Parameters<typeof page>[0]): Promise<Page> {
  const opened = page(options)
  await opened.conversation.start({ language: 'de-DE', voice: 'tina' })
  opened.socket({ type: 'opened' })
  opened.receive(READY)
  opened.receive({ type: 'state', seq: 2, state: 'listening' })
  return opened
}

export const lost = (code: number): SocketToPage => ({ type: 'closed', code, reason: '', opened: true })
