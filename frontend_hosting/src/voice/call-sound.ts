// What the user chose about sound, held in the call that runs: devices, volume, pause, and what tells speech from noise.

import type { AudioPath } from './audio/audio-path.ts'
import type { OpenMicrophone } from './audio/device-choice.ts'
import type { DeviceList } from './audio/devices.ts'
import { MicrophoneKeeper } from './audio/microphone-keeper.ts'
import type { NoticeCode } from './notices.ts'
import { DEFAULT_SOUND, type Patience, pauseFor, type SoundChoice } from './sound.ts'

export type SoundPorts = {
  readonly devices: DeviceList
  readonly notice: (notice: NoticeCode) => void
  readonly log: (event: { readonly type: string; readonly [detail: string]: unknown }) => void
}

export class CallSound {
  readonly #ports: SoundPorts
  #choice: SoundChoice = DEFAULT_SOUND
  #audio: AudioPath | null = null
  #keeper: MicrophoneKeeper | null = null
  #microphone: OpenMicrophone | null = null
  #detector: SoundChoice['detector'] = 'level'

  constructor(ports: SoundPorts) {
    this.#ports = ports
  }

  get choice(): SoundChoice {
    return this.#choice
  }

  /** A call begins, and has no microphone yet. */
  begin(): void {
    this.#microphone = null
  }

  /** It has its audio; `microphone`: whether one is wanted. */
  attach(audio: AudioPath, microphone: boolean): void {
    this.#audio = audio
    const { devices, notice } = this.#ports
    this.#keeper = new MicrophoneKeeper({ audio, devices, notice }, this.#choice, microphone)
    if (this.#microphone) this.#keeper.opened(this.#microphone)
    // It went while the rest was being set up.
    else if (microphone) this.#keeper.lost()
    this.#detector = 'level'
    this.#applyDetector()
  }

  detach(): void {
    this.#keeper?.close()
    this.#keeper = null
    this.#audio = null
  }

  /** The first one opens before there is anybody to keep it. */
  microphoneOpened(open: OpenMicrophone): void {
    this.#microphone = open
    this.#ports.log({ type: 'microphone', ...open })
    this.#keeper?.opened(open)
  }

  microphoneLost(): void {
    this.#microphone = null
    this.#ports.log({ type: 'microphoneLost' })
    this.#keeper?.lost()
  }

  /** For the running call and those to come; `patience`: of the service, while it is there. */
  choose(choice: SoundChoice, patience: Patience | null): void {
    this.#choice = choice
    this.#audio?.setVolume(choice.volume)
    if (patience) this.wait(patience)
    this.#applyDetector()
    this.#keeper?.choose(choice)
  }

  /** How long a pause ends the user's turn. */
  wait(patience: Patience): void {
    this.#audio?.setSilenceThreshold(pauseFor(this.#choice.pauseMs, patience))
  }

  #applyDetector(): void {
    const { detector } = this.#choice
    if (!this.#audio || detector === this.#detector) return
    this.#detector = detector
    const use = async (audio: AudioPath): Promise<void> => {
      try {
        await audio.useDetector(detector)
        this.#ports.log({ type: 'detector', detector })
      } catch {
        if (audio === this.#audio) this.#ports.notice('detectorMissing')
      }
    }
    void use(this.#audio)
  }
}
