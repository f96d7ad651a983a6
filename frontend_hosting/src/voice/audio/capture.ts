// The microphone and its worklet, as the page sees them.

import { mediaDevices } from './devices.ts'
import { microphoneProblem, type MicrophoneProblem } from '../problems.ts'
import workletUrl from './capture.worklet.ts?worker&url'
import type { OpenMicrophone } from './device-choice.ts'
import type { CaptureToPage, PageToCapture } from './messages.ts'

export class MicrophoneError extends Error {
  readonly problem: MicrophoneProblem

  constructor(problem: MicrophoneProblem, options?: ErrorOptions) {
    super(problem, options)
    this.problem = problem
  }
}

/** Ask for the microphone, with the browser's echo canceller; another one if that one is not there. Raises MicrophoneError. */
export async function openMicrophone(id: string | null = null): Promise<MediaStream> {
  if (!globalThis.isSecureContext) throw new MicrophoneError('insecureContext')
  const devices = mediaDevices()
  if (!devices) throw new MicrophoneError('microphoneUnsupported')
  try {
    return await devices.getUserMedia({
      audio: {
        echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1,
        ...(id === null ? {} : { deviceId: { ideal: id } }),
      },
    })
  } catch (error) {
    throw new MicrophoneError(microphoneProblem(error), { cause: error })
  }
}

/** What the browser says about an open microphone. */
export function describe(stream: MediaStream): OpenMicrophone {
  const track = stream.getAudioTracks()[0]
  const settings = track?.getSettings()
  return {
    id: settings?.deviceId ?? '',
    groupId: settings?.groupId ?? '',
    label: track?.label ?? '',
    // Newer browsers say which sound they take out rather than that they do.
    echoCancelled: Boolean(settings?.echoCancellation),
  }
}

export const CAPTURE_URL: string = workletUrl

export type Capture = {
  readonly node: AudioWorkletNode
  readonly send: (command: PageToCapture, transfer?: Transferable[]) => void
  /** Listen to this one from now on; null: to nothing. */
  readonly listenTo: (microphone: MediaStream | null) => void
}

export async function createCapture(
  context: AudioContext,
  onEvent: (event: CaptureToPage) => void,
): Promise<Capture> {
  await context.audioWorklet.addModule(workletUrl)
  const node = new AudioWorkletNode(context, 'capture', { numberOfInputs: 1, numberOfOutputs: 1, outputChannelCount: [1] })
  node.port.onmessage = ({ data }: MessageEvent<CaptureToPage>) => onEvent(data)
  // Its output is silence; a node that leads nowhere is not run by every browser.
  node.connect(context.destination)
  let source: MediaStreamAudioSourceNode | null = null
  return {
    node,
    send: (command, transfer = []) => node.port.postMessage(command, transfer),
    listenTo: (microphone) => {
      source?.disconnect()
      source = microphone && new MediaStreamAudioSourceNode(context, { mediaStream: microphone })
      source?.connect(node)
    },
  }
}
