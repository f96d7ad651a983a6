// The driver: it owns the clock, the timers, the audio path and the socket, and does what the state asks for.
//
// Events go into the store; the store's state decides; apply() compares what the state wants with what was done last.

import type { AudioPath, OpenAudio } from './audio/audio-path.ts'
import { MicrophoneError } from './audio/capture.ts'
import type { OpenMicrophone } from './audio/device-choice.ts'
import type { DeviceList } from './audio/devices.ts'
import type { CaptureToPage, PlayerToPage, SocketToPage } from './audio/messages.ts'
import { type Closing, closingFor, RetryPlan } from './close-codes.ts'
import { MicrophoneKeeper } from './audio/microphone-keeper.ts'
import { EventLog, type EventSource } from './event-log.ts'
import type { ClientMessage } from './protocol.ts'
import type { NoticeCode } from './notices.ts'
import type { Problem } from './problems.ts'
import { gateOf, isOver, type VoiceEvent } from './session.ts'
import type { OpenSocket, VoiceSocket } from './socket.ts'
import { DEFAULT_SOUND, pauseFor, type SoundChoice } from './sound.ts'
import type { VoiceStore } from './store.ts'
import { type GetTicket, refusalOf, type TicketRefused } from './tickets.ts'

export type Choice = { readonly language: string; readonly voice: string }

export type Ports = {
  readonly openAudio: OpenAudio
  readonly openSocket: OpenSocket
  readonly devices: DeviceList
  readonly getTicket: GetTicket
  readonly diagnose: () => Promise<Problem>
  readonly now: () => number
  readonly random: () => number
}

/** Read by whoever draws; changed in place, some thirty times a second, so that drawing costs React nothing. */
export type Meters = {
  /** 0 to 1. */
  microphone: number
  assistant: number
  /** Since the page was loaded: samples heard that were not silence, and times playback ran dry. */
  playedSamples: number
  underruns: number
  /** From the player to the ear. */
  outputLatencyMs: number
  /** What is being heard and how far it had got at `atMs`; null while nothing is, or while it is held. */
  playout: { readonly responseId: number; readonly positionMs: number; readonly arrivedMs: number; readonly atMs: number } | null
}

const READY_WITHIN_MS = 15_000
const LINGER_MS = 1000
const RENEW_AGAIN_MS = 5000

export class Conversation {
  readonly meters: Meters = { microphone: 0, assistant: 0, playedSamples: 0, underruns: 0, outputLatencyMs: 0, playout: null }
  readonly log = new EventLog()
  readonly #store: VoiceStore
  readonly #ports: Ports
  #audio: AudioPath | null = null
  #socket: VoiceSocket | null = null
  #choice: Choice | null = null
  #lastSpeechAtMs: number | null = null
  #gate: 'open' | 'held' | 'closed' = 'closed'
  #keeper: MicrophoneKeeper | null = null
  #sound: SoundChoice = DEFAULT_SOUND
  #microphone: OpenMicrophone | null = null
  #deadline: ReturnType<typeof setTimeout> | undefined
  #retry: ReturnType<typeof setTimeout> | undefined
  #renewal: ReturnType<typeof setTimeout> | undefined
  #leaveAtMs = 0
  #liveSinceMs: number | null = null
  #retries = new RetryPlan()
  /** Raised by every start and end, so that what an older call still awaits finds itself outdated. */
  #generation = 0
  #calling = false
  #playedBefore = 0

  constructor(store: VoiceStore, ports: Ports) {
    this.#store = store
    this.#ports = ports
    store.subscribe(() => this.#apply())
  }

  /** Open the microphone, unless only typing is wanted, then the socket. */
  async start(choice: Choice | null, { typing = false } = {}): Promise<void> {
    if (!isOver(this.#store.getState().call)) return
    const generation = ++this.#generation
    this.#calling = true
    this.#choice = choice
    this.#lastSpeechAtMs = null
    this.#leaveAtMs = 0
    this.#liveSinceMs = null
    this.#retries = new RetryPlan()
    this.#microphone = null
    this.#dispatch('page', { type: 'startRequested', typing })
    try {
      const audio = await this.#ports.openAudio({ ...this.#sound, microphone: !typing }, {
        onMicrophoneOpened: () => this.#onMicrophoneOpened(generation),
        onMicrophone: (open) => this.#onMicrophone(open),
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
      this.#keep(audio, !typing)
      this.#socket = this.#ports.openSocket((event) => this.#onSocket(event))
      this.#socket.connect(audio.socketPorts)
      await this.#open()
    } catch (error) {
      const problem = await this.#setupProblem(error)
      if (generation === this.#generation) this.#fail(problem)
    }
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
    this.#expectReady()
  }

  #keep(audio: AudioPath, microphone: boolean): void {
    const ports = { audio, devices: this.#ports.devices, notice: (notice: NoticeCode) => this.#dispatch('sound', { type: 'noticed', notice }) }
    this.#keeper = new MicrophoneKeeper(ports, this.#sound, microphone)
    if (this.#microphone) this.#keeper.opened(this.#microphone)
    // It went while the rest was being set up.
    else if (microphone) this.#keeper.lost()
  }

  /** The first one opens before there is anybody to keep it. */
  #onMicrophone(open: OpenMicrophone): void {
    this.#microphone = open
    this.log.add('sound', { type: 'microphone', ...open }, this.#ports.now())
    this.#keeper?.opened(open)
  }

  #onMicrophoneLost(): void {
    this.#microphone = null
    this.meters.microphone = 0
    this.log.add('sound', { type: 'microphoneLost' }, this.#ports.now())
    this.#keeper?.lost()
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
    this.#sound = sound
    this.#audio?.setVolume(sound.volume)
    this.#applyPause()
    this.#keeper?.choose(sound)
  }

  #applyPause(): void {
    const { call } = this.#store.getState()
    if (call.status === 'live') this.#audio?.setSilenceThreshold(pauseFor(this.#sound.pauseMs, call.ready))
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

  /** A page that was hidden may find its sound suspended. */
  wake(): void {
    this.#audio?.resume()
  }

  async #open(): Promise<void> {
    const generation = this.#generation
    try {
      const ticket = await this.#ports.getTicket('known')
      if (generation !== this.#generation) return
      this.#socket?.open(ticket)
      this.#expectReady()
    } catch (error) {
      if (generation === this.#generation) this.#onRefused(refusalOf(error))
    }
  }

  #onRefused({ problem, closing }: TicketRefused): void {
    if (closing.kind === 'retry' && this.#store.getState().call.status === 'reconnecting') this.#scheduleRetry(closing)
    else this.#fail(problem)
  }

  /** A new ticket for the session that runs, without a gap in it. */
  async #renew(untilMs: number): Promise<void> {
    const { sessions } = this.#store.getState()
    const isSame = (): boolean => this.#store.getState().call.status === 'live' && this.#store.getState().sessions === sessions
    try {
      const ticket = await this.#ports.getTicket('renewed')
      if (isSame()) this.#send({ type: 'auth', ticket })
    } catch (error) {
      const { closing } = refusalOf(error)
      // Nothing is said: the call goes on until the service ends it, and then says why.
      if (closing.kind !== 'retry' || !isSame()) return
      const delayMs = Math.max(RENEW_AGAIN_MS, closing.leastMs)
      if (this.#ports.now() + delayMs < untilMs) this.#renewal = setTimeout(() => void this.#renew(untilMs), delayMs)
    }
  }

  #expectReady(): void {
    clearTimeout(this.#deadline)
    this.#deadline = setTimeout(() => this.#onSilence(), READY_WITHIN_MS)
  }

  /** The socket may be open, yet nobody says `ready`. */
  #onSilence(): void {
    if (this.#store.getState().call.status === 'reconnecting') this.#socket?.close()
    else this.#fail({ code: 'serviceSilent', detail: null })
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
        this.meters.assistant = event.level
        this.meters.playedSamples = this.#playedBefore + event.audibleSamples
        this.meters.underruns = event.underruns
        this.meters.outputLatencyMs = this.#audio?.outputLatencyMs() ?? 0
        this.meters.playout = event.playout && { ...event.playout, atMs: event.atMs }
        return
      case 'held':
        if (event.held) this.meters.playout = null
        this.log.add('sound', event, this.#ports.now())
        return
      case 'started':
        this.#dispatch('sound', {
          type: 'playbackStarted',
          responseId: event.responseId,
          atMs: event.atMs + (this.#audio?.outputLatencyMs() ?? 0),
          lastSpeechAtMs: this.#lastSpeechAtMs,
        })
        return
      case 'stopped':
        this.meters.playout = null
        this.#dispatch('sound', { type: 'playbackStopped', responseId: event.responseId, atMs: this.#ports.now() })
    }
  }

  #onSocket(event: SocketToPage): void {
    switch (event.type) {
      case 'opened':
        this.#send({ type: 'start', ...this.#choice })
        return
      case 'roundTrip':
        this.#store.dispatch({ type: 'roundTripMeasured', ms: event.ms })
        return
      case 'closed':
        void this.#onClosed(event.code, event.opened)
        return
      case 'message': {
        const { message } = event
        const atMs = this.#ports.now()
        if (message.type === 'ready') {
          clearTimeout(this.#deadline)
          this.#liveSinceMs = atMs
          this.#audio?.setSilenceThreshold(pauseFor(this.#sound.pauseMs, message))
        } else if (message.type === 'goAway') {
          this.#leaveAtMs = atMs + message.reconnectAfterMs
        } else if (message.type === 'state' && message.state === 'thinking') {
          this.#audio?.utteranceClosed()
        } else if (message.type === 'authExpiring') {
          void this.#renew(atMs + message.inMs)
        }
        this.log.add('service', message, atMs)
        this.#store.dispatch({ type: 'messageReceived', message, atMs, audioMs: event.audioMs })
      }
    }
  }

  async #onClosed(code: number, opened: boolean): Promise<void> {
    clearTimeout(this.#deadline)
    clearTimeout(this.#renewal)
    const { call } = this.#store.getState()
    if (isOver(call)) return
    const closing = closingFor(code)
    // A call that never began is not retried in silence: the person who pressed the button waits for an answer.
    if (call.status === 'opening' && closing.kind === 'retry') {
      const generation = this.#generation
      const problem: Problem = opened
        ? { code: closing.problem, detail: this.#store.getState().complaint?.message ?? null }
        : await this.#ports.diagnose()
      if (generation === this.#generation) this.#fail(problem)
      return
    }
    this.#scheduleRetry(closing)
  }

  #scheduleRetry(closing: Closing): void {
    const atMs = this.#ports.now()
    const delayMs = closing.kind === 'retry' ? this.#delay(closing.leastMs, atMs) : null
    this.#liveSinceMs = null
    this.#dispatch('page', { type: 'socketClosed', closing, retryAtMs: delayMs === null ? null : atMs + delayMs, atMs })
    if (delayMs === null) return
    this.#retry = setTimeout(() => void this.#open(), delayMs)
  }

  #delay(leastMs: number, now: number): number | null {
    // The service spreads its clients over time when it leaves: each was told its own moment.
    const least = Math.max(leastMs, this.#leaveAtMs - now)
    this.#leaveAtMs = 0
    return this.#retries.next({ now, liveSinceMs: this.#liveSinceMs, leastMs: least, random: this.#ports.random() })
  }

  #fail(problem: Problem): void {
    this.#dispatch('page', { type: 'problemMet', problem, atMs: this.#ports.now() })
  }

  #dispatch(source: EventSource, event: VoiceEvent): void {
    this.log.add(source, event, this.#ports.now())
    this.#store.dispatch(event)
  }

  #send(message: ClientMessage): void {
    this.#socket?.send(message)
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
    clearTimeout(this.#retry)
    clearTimeout(this.#renewal)
    this.#socket?.close()
    const socket = this.#socket
    // The worker lives long enough to send what was queued and to say goodbye.
    setTimeout(() => socket?.dispose(), LINGER_MS)
    this.#socket = null
    this.#keeper?.close()
    this.#keeper = null
    this.#audio?.close()
    this.#audio = null
    this.#gate = 'closed'
    this.#playedBefore = this.meters.playedSamples
    this.meters.microphone = 0
    this.meters.assistant = 0
    this.meters.playout = null
  }
}
