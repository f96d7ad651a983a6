// The microphone and its worklet, as the page sees them.

import { microphoneProblem, type MicrophoneProblem } from '../problems.ts'
import workletUrl from './capture.worklet.ts?worker&url'
import type { CaptureToPage, PageToCapture } from './messages.ts'

export class MicrophoneError extends Error {
  readonly problem: MicrophoneProblem

  constructor(problem: MicrophoneProblem, options?: ErrorOptions) {
    super(problem, options)
    this.problem = problem
  }
}

/** Ask for the microphone, with the browser's echo canceller; raises MicrophoneError. */
export async function openMicrophone(): Promise<MediaStream> {
  if (!globalThis.isSecureContext) throw new MicrophoneError('insecureContext')
  // Absent in old browsers and in-app views, whatever the DOM's types say.
  const devices = navigator.mediaDevices as MediaDevices | undefined
  if (!devices) throw new MicrophoneError('microphoneUnsupported')
  try {
    return await devices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
    })
  } catch (error) {
    throw new MicrophoneError(microphoneProblem(error), { cause: error })
  }
}

export const CAPTURE_URL: string = workletUrl

export type Capture = {
  readonly node: AudioWorkletNode
  readonly send: (command: PageToCapture, transfer?: Transferable[]) => void
}

export async function createCapture(
  context: AudioContext,
  microphone: MediaStream | null,
  onEvent: (event: CaptureToPage) => void,
): Promise<Capture> {
  await context.audioWorklet.addModule(workletUrl)
  const node = new AudioWorkletNode(context, 'capture', { numberOfInputs: 1, numberOfOutputs: 1, outputChannelCount: [1] })
  node.port.onmessage = ({ data }: MessageEvent<CaptureToPage>) => onEvent(data)
  if (microphone) context.createMediaStreamSource(microphone).connect(node)
  // Its output is silence; a node that leads nowhere is not run by every browser.
  node.connect(context.destination)
  return { node, send: (command, transfer = []) => node.port.postMessage(command, transfer) }
}
