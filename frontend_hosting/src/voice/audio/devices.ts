// Microphones and loudspeakers: which there are, and that they come and go.

import type { Device, Devices } from './device-choice.ts'

export type DeviceList = {
  readonly list: () => Promise<Devices>
  /** Calls back when a device came or went; returns how to stop. */
  readonly watch: (listener: () => void) => () => void
}

/** Until a microphone was allowed once, browsers name no device; an old one names none ever. */
export const browserDevices: DeviceList = {
  list: async () => {
    const media = mediaDevices()
    const found = (await media?.enumerateDevices().catch(() => [])) ?? []
    const of = (kind: MediaDeviceKind): Device[] =>
      found
        .filter((device) => device.kind === kind && device.deviceId !== '')
        .map(({ deviceId, groupId, label }) => ({ id: deviceId, groupId, label }))
    return { microphones: of('audioinput'), speakers: of('audiooutput') }
  },
  watch: (listener) => {
    const media = mediaDevices()
    media?.addEventListener('devicechange', listener)
    return () => media?.removeEventListener('devicechange', listener)
  },
}

/** Firefox and Safari let only media elements choose, and the reply is not one: it must pass the echo canceller. */
export function canChooseSpeaker(): boolean {
  return 'AudioContext' in globalThis && 'setSinkId' in AudioContext.prototype
}

/** Plays through this loudspeaker, or the system's for null; false if it cannot. */
export async function playThrough(context: AudioContext, speakerId: string | null): Promise<boolean> {
  if (!canChooseSpeaker()) return speakerId === null
  // TypeScript's DOM library does not have it yet.
  const sink = context as AudioContext & { readonly setSinkId: (id: string) => Promise<void> }
  try {
    await sink.setSinkId(speakerId ?? '')
    return true
  } catch {
    return false
  }
}

/** Absent in old browsers, in-app views and insecure pages, whatever the DOM's types say. */
export function mediaDevices(): MediaDevices | undefined {
  return navigator.mediaDevices as MediaDevices | undefined
}
