// PURE. Which microphone and loudspeaker a call should use, from what was chosen and what is there.

export type Device = { readonly id: string; readonly groupId: string; readonly label: string }
export type Devices = { readonly microphones: readonly Device[]; readonly speakers: readonly Device[] }

/** What a call listens to now. */
export type OpenMicrophone = {
  readonly id: string
  readonly groupId: string
  readonly label: string
  /** Whether the browser takes the loudspeaker's sound out of it. */
  readonly echoCancelled: boolean
}

export type Move =
  | { readonly do: 'keep' }
  /** Null: the system's default. */
  | { readonly do: 'open'; readonly id: string | null }
  | { readonly do: 'wait' }

/** Chromium lists these beside the devices they stand for. */
const ALIASES: ReadonlySet<string> = new Set(['default', 'communications'])

/** What one can choose from; the system's default is a choice of its own. */
export function choosable(devices: readonly Device[]): readonly Device[] {
  return devices.filter(({ id }) => !ALIASES.has(id))
}

/** `open` is null when the microphone has gone. */
export function microphoneMove(there: readonly Device[], chosenId: string | null, open: OpenMicrophone | null): Move {
  if (chosenId !== null && there.some(({ id }) => id === chosenId)) {
    return open?.id === chosenId ? { do: 'keep' } : { do: 'open', id: chosenId }
  }
  if (!open) return there.length > 0 ? { do: 'open', id: null } : { do: 'wait' }
  if (chosenId !== null) return { do: 'keep' }
  // The system's default moved to another device, and the track did not move with it.
  const standard = there.find(({ id }) => id === 'default')
  const moved = standard && standard.groupId !== '' && open.groupId !== '' && standard.groupId !== open.groupId
  return moved ? { do: 'open', id: null } : { do: 'keep' }
}

/** The chosen loudspeaker if it is there, else the system's. */
export function speakerFor(there: readonly Device[], chosenId: string | null): string | null {
  return there.some(({ id }) => id === chosenId) ? chosenId : null
}
