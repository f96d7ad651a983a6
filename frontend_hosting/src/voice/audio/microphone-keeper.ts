// Keeps a call on the right microphone and loudspeaker while devices come and go.

import type { NoticeCode } from '../notices.ts'
import type { SoundChoice } from '../sound.ts'
import type { AudioPath } from './audio-path.ts'
import { microphoneMove, type OpenMicrophone, speakerFor } from './device-choice.ts'
import type { DeviceList } from './devices.ts'

export type KeeperPorts = {
  readonly audio: AudioPath
  readonly devices: DeviceList
  readonly notice: (notice: NoticeCode) => void
}

export class MicrophoneKeeper {
  readonly #ports: KeeperPorts
  readonly #wanted: boolean
  #choice: SoundChoice
  #open: OpenMicrophone | null = null
  #speakerId: string | null
  #missing = false
  #over = false
  readonly #unwatch: () => void
  /** One review after the other: devices come in bursts. */
  #queue: Promise<void> = Promise.resolve()

  /** `wanted`: whether this call has a microphone at all. */
  constructor(ports: KeeperPorts, choice: SoundChoice, wanted: boolean) {
    this.#ports = ports
    this.#choice = choice
    this.#wanted = wanted
    this.#speakerId = choice.speakerId
    this.#unwatch = ports.devices.watch(() => this.#review('devices changed'))
  }

  opened(open: OpenMicrophone): void {
    this.#open = open
    if (!open.echoCancelled) this.#ports.notice('echo')
  }

  lost(): void {
    this.#open = null
    this.#review('devices changed')
  }

  choose(choice: SoundChoice): void {
    this.#choice = choice
    this.#review('chosen')
  }

  close(): void {
    this.#over = true
    this.#unwatch()
  }

  #review(why: 'devices changed' | 'chosen'): void {
    const next = async (): Promise<void> => {
      await this.#queue
      if (this.#over) return
      const there = await this.#ports.devices.list()
      await this.#reviewMicrophone(there.microphones, why)
      await this.#reviewSpeaker(there.speakers)
    }
    this.#queue = next()
  }

  async #reviewMicrophone(there: Parameters<typeof microphoneMove>[0], why: 'devices changed' | 'chosen'): Promise<void> {
    if (!this.#wanted) return
    const move = microphoneMove(there, this.#choice.microphoneId, this.#open)
    if (move.do === 'keep') return
    const lost = this.#open === null
    if (move.do === 'open' && (await this.#tryToOpen(move.id))) {
      if (this.#missing) this.#ports.notice('microphoneBack')
      else if (lost && why === 'devices changed') this.#ports.notice('microphoneSwitched')
      this.#missing = false
    } else if (lost && !this.#missing) {
      this.#missing = true
      this.#ports.notice('microphoneGone')
    }
  }

  async #tryToOpen(id: string | null): Promise<boolean> {
    try {
      await this.#ports.audio.useMicrophone(id)
      return true
    } catch {
      // Taken by another program, or gone again: the old one, if there is one, goes on.
      return false
    }
  }

  async #reviewSpeaker(there: Parameters<typeof speakerFor>[0]): Promise<void> {
    const wanted = speakerFor(there, this.#choice.speakerId)
    if (wanted === this.#speakerId) return
    const left = this.#choice.speakerId === this.#speakerId
    this.#speakerId = wanted
    const changed = await this.#ports.audio.useSpeaker(wanted)
    if (left || !changed) this.#ports.notice('speakerGone')
  }
}
