// The driver: it owns the audio path and the connection of a call, and does what the state asks for.
//
// Events go into the store; the store's state decides; apply() compares what the state wants with what was done last.

import type { AudioPath, OpenAudio } from './audio/audio-path.ts'
import { MicrophoneError } from './audio/capture.ts'
import type { DeviceList } from './audio/devices.ts'
import type { CaptureToPage, PlayerToPage } from './audio/messages.ts'
import { CallSound } from './call-sound.ts'
import { Connection, type ConnectionListener, type ConnectionPorts } from './connection.ts'
import { EventLog, type EventSource } from './event-log.ts'
import { type Keepsake, keepsakeOf, readKeepsake } from './keepsake.ts'
import type { ClientMessage, ServerMessage } from './protocol.ts'
import type { Problem } from './problems.ts'
import { fallSilent, type Meters, noMeters, readPlayer } from './meters.ts'
import { PageTimings } from './page-timings.ts'
import { gateOf, isOver } from './call-state.ts'
import type { VoiceEvent } from './session.ts'
import type { SoundChoice } from './sound.ts'
import type { VoiceStore } from './store.ts'

export type Choice = { readonly language: string; readonly voice: string }

/** `past`: what was said in the conversation that this call goes on with. */
export type HowToStart = { readonly typing?: boolean; readonly past?: Keepsake }

export type Ports = ConnectionPorts & {
  readonly openAudio: OpenAudio
  readonly devices: DeviceList
}

/** From the microphone to the worklets; the connection has a deadline of its own. */
const SOUND_WITHIN_MS = 15_000
/** A clock that is wrong by more than this makes the times of a transcript useless. */
const CLOCK_TOLERANCE_MS = 300_000

export class Conversation {
  readonly meters: Meters = noMeters()
  readonly log = new EventLog()
  readonly #store: VoiceStore
  readonly #ports: Ports
  #audio: AudioPath | null = null
  #connection: Connection | null = null
  readonly #sound: CallSound
  #choice: Choice | null = null
  #lastSpeechAtMs: number | null = null
  #timings = new PageTimings()
  #gate: 'open' | 'held' | 'closed' = 'closed'
  #deadline: ReturnType<typeof setTimeout> | undefined
  /** Raised by every start and end, so that what an older call still awaits finds itself outdated. */
  #generation = 0
  #calling = false
  #clockTold = false
  #playedBefore = 0

  constructor(store: VoiceStore, ports: Ports) {
    this.#store = store
    this.#ports = ports
    this.#sound = new CallSound({
      devices: ports.devices,
      notice: (notice) => this.#dispatch('sound', { type: 'noticed', notice }),
      log: (event) => this.log.add('sound', event, ports.now()),
    })
    store.subscribe(() => this.#apply())
  }

  /** Open the microphone, unless only typing is wanted, then the socket. */
  async start(choice: Choice | null, { typing = false, past }: HowToStart = {}): Promise<void> {
    if (!isOver(this.#store.getState().call)) return
    const generation = ++this.#generation
    this.#calling = true
    this.#choice = choice
    this.#lastSpeechAtMs = null
    this.#timings = new PageTimings()
    this.meters.underruns = 0
    this.#sound.begin()
    this.#dispatch('page', { type: 'startRequested', typing, ...(past ? { past } : {}) })
    try {
      const audio = await this.#ports.openAudio({ ...this.#sound.choice, microphone: !typing }, {
        onMicrophoneOpened: () => this.#onMicrophoneOpened(generation),
        onMicrophone: (open) => this.#sound.microphoneOpened(open),
        onMicrophoneLost: () => this.#onMicrophoneLost(),
        onCapture: (event) => this.#onCapture(event),
        onPlayer: (event) => this.#onPlayer(event),
        onSuspended: (suspended) => this.#onSuspended(suspended),
      })
      if (generation !== this.#generation) {
        audio.close()
        return
      }
      this.#audio = audio
      this.#sound.attach(audio, !typing)
      clearTimeout(this.#deadline)
      this.#connection = new Connection(this.#ports, this.#listener(), audio.socketPorts)
      await this.#connection.open()
    } catch (error) {
      await this.#onSetupFailed(generation, error)
    }
  }

  async #onSetupFailed(generation: number, error: unknown): Promise<void> {
    const problem = await this.#setupProblem(error)
    if (generation === this.#generation) this.#fail(problem)
  }

  /** A worklet that does not load and a browser that cannot run it raise the same error. */
  async #setupProblem(error: unknown): Promise<Problem> {
    if (error instanceof MicrophoneError) return { code: error.problem, detail: null }
    const problem = await this.#ports.diagnose()
    return problem.code === 'serviceUnreachable' ? problem : { code: 'setupFailed', detail: null }
  }

  #onMicrophoneOpened(generation: number): void {
    if (generation !== this.#generation) return
    this.#dispatch('sound', { type: 'microphoneOpened' })
    this.#deadline = setTimeout(() => void this.#onSetupFailed(generation, null), SOUND_WITHIN_MS)
  }

  #onMicrophoneLost(): void {
    this.meters.microphone = 0
    this.#sound.microphoneLost()
  }

  /** A page in the background, a phone call, a lost loudspeaker: try at once, and say so if it does not help. */
  #onSuspended(suspended: boolean): void {
    this.log.add('sound', { type: suspended ? 'suspended' : 'running' }, this.#ports.now())
    if (suspended) {
      this.#audio?.resume()
      this.#dispatch('sound', { type: 'noticed', notice: 'soundSuspended' })
    } else if (this.#store.getState().notice === 'soundSuspended') this.dismissNotice()
  }

  /** Devices, volume and pause, for the running call and those to come. */
  setSound(sound: SoundChoice): void {
    const { call } = this.#store.getState()
    this.#sound.choose(sound, call.status === 'live' ? call.ready : null)
  }

  dismissNotice(): void {
    this.#dispatch('page', { type: 'noticeDismissed' })
  }

  end(): void {
    this.#send({ type: 'end' })
    this.#dispatch('page', { type: 'endRequested', atMs: this.#ports.now() })
  }

  interrupt(): void {
    if (this.#store.getState().call.status === 'live') this.#send({ type: 'interrupt' })
  }

  say(text: string): void {
    const trimmed = text.trim()
    if (trimmed === '' || this.#store.getState().call.status !== 'live') return
    this.#send({ type: 'text', text: trimmed })
    this.#dispatch('page', { type: 'textSent', text: trimmed, atMs: this.#ports.now() })
  }

  toggleMute(): void {
    this.#dispatch('page', { type: 'muteToggled' })
  }

  toggleMode(): void {
    this.#dispatch('page', { type: 'modeToggled' })
  }

  hold(held: boolean): void {
    this.#dispatch('page', { type: 'talkHeld', held })
  }

  dismissComplaint(): void {
    this.#dispatch('page', { type: 'complaintDismissed' })
  }

  /** What was said in an earlier life of this page; nothing happens if it cannot be read. */
  restore(kept: string): void {
    const keepsake = readKeepsake(kept)
    if (keepsake) this.#store.dispatch({ type: 'restored', keepsake })
  }

  /** What is worth keeping while the page is away, for `restore`. */
  keep(): string | null {
    return keepsakeOf(this.#store.getState())
  }

  /** The user had a conversation deleted, or all (null): what stands on this page of it goes as well. */
  forget(conversationId: string | null): void {
    this.#dispatch('page', { type: 'forgotten', conversationId })
  }

  /** The service's clock, as every answer of it tells. */
  clockSeen(serviceMs: number): void {
    const wrong = Math.abs(serviceMs - this.#ports.now()) > CLOCK_TOLERANCE_MS
    if (!wrong || this.#clockTold || isOver(this.#store.getState().call)) return
    this.#clockTold = true
    this.#dispatch('page', { type: 'noticed', notice: 'clockWrong' })
  }

  /** A page that was hidden may find its sound suspended. */
  wake(): void {
    this.#audio?.resume()
  }

  #onCapture(event: CaptureToPage): void {
    if (event.type === 'level') {
      this.meters.microphone = event.level
      this.#lastSpeechAtMs = event.lastSpeechAtMs
      return
    }
    if (event.type === 'speechEnded') {
      this.#lastSpeechAtMs = event.atMs
      this.#dispatch('sound', { ...event, closedAtMs: this.#ports.now() })
    } else this.#dispatch('sound', event)
  }

  #onPlayer(event: PlayerToPage): void {
    switch (event.type) {
      case 'level':
        readPlayer(this.meters, event, this.#playedBefore, this.#outputLatencyMs())
        return
      case 'held':
        if (event.held) this.meters.playout = null
        this.log.add('sound', event, this.#ports.now())
        return
      case 'started':
        this.#tellTimings(event.responseId, event.atMs)
        this.#dispatch('sound', {
          type: 'playbackStarted',
          responseId: event.responseId,
          atMs: event.atMs + this.#outputLatencyMs(),
          lastSpeechAtMs: this.#lastSpeechAtMs,
        })
        return
      case 'stopped':
        this.meters.playout = null
        this.#dispatch('sound', { type: 'playbackStopped', responseId: event.responseId, atMs: this.#ports.now() })
    }
  }

  #listener(): ConnectionListener {
    return {
      onOpened: () => this.#send({ type: 'start', ...this.#choice, ...this.#continuation() }),
      onMessage: (message, audioMs) => this.#onMessage(message, audioMs),
      onRoundTrip: (ms, clock) => {
        if (clock) this.#timings.clock.note(ms, clock.clockMs, clock.atMs)
        this.#store.dispatch({ type: 'roundTripMeasured', ms })
      },
      onProblem: (problem) => this.#fail(problem),
      onClosed: (closing, retryAtMs) => this.#dispatch('page', { type: 'socketClosed', closing, retryAtMs, atMs: this.#ports.now() }),
      onConversationUnknown: () => this.#dispatch('page', { type: 'conversationUnknown' }),
      complaint: () => this.#store.getState().complaint,
    }
  }

  /** What stands in the thread is what the assistant shall remember. */
  #continuation(): { readonly conversationId?: string } {
    const { thread, conversationId } = this.#store.getState()
    return thread.length > 0 && conversationId !== null ? { conversationId } : {}
  }

  #onMessage(message: ServerMessage, audioMs: number): void {
    const atMs = this.#ports.now()
    if (message.type === 'ready') this.#sound.wait(message)
    else if (message.type === 'state' && message.state === 'thinking') this.#audio?.utteranceClosed()
    this.log.add('service', message, atMs)
    this.#store.dispatch({ type: 'messageReceived', message, atMs, audioMs })
  }

  #tellTimings(responseId: number, atMs: number): void {
    const timings = this.#timings.of(responseId, atMs, this.#store.getState(), this.#lastSpeechAtMs, {
      underruns: this.meters.underruns, outputLatencyMs: this.#outputLatencyMs(),
    })
    if (timings) this.#send(timings)
  }

  #outputLatencyMs(): number {
    return this.#audio?.outputLatencyMs() ?? 0
  }

  #fail(problem: Problem): void {
    this.#dispatch('page', { type: 'problemMet', problem, atMs: this.#ports.now() })
  }

  #dispatch(source: EventSource, event: VoiceEvent): void {
    this.log.add(source, event, this.#ports.now())
    this.#store.dispatch(event)
  }

  #send(message: ClientMessage): void {
    this.#connection?.send(message)
  }

  /** Do what the state asks for and has not been done yet. */
  #apply(): void {
    const state = this.#store.getState()
    const gate = gateOf(state)
    if (gate !== this.#gate) {
      this.#gate = gate
      this.#audio?.setGate(gate)
    }
    if (isOver(state.call) && this.#calling) this.#release()
  }

  #release(): void {
    this.#calling = false
    this.#generation++
    clearTimeout(this.#deadline)
    this.#connection?.close()
    this.#connection = null
    this.#sound.detach()
    this.#audio?.close()
    this.#audio = null
    this.#gate = 'closed'
    this.#playedBefore = this.meters.playedSamples
    fallSilent(this.meters)
  }
}
