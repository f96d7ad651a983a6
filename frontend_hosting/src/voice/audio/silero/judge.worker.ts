// Runs the network off the audio thread: frames in at one port, the probability of speech out of the same.

import type { PageToJudge } from '../messages.ts'
import { SileroNetwork, widen } from './network.ts'

globalThis.onmessage = ({ data }: MessageEvent<PageToJudge>) => {
  const network = new SileroNetwork(widen(data.weights))
  const { capture } = data
  capture.onmessage = ({ data: frame }: MessageEvent<Float32Array>) => capture.postMessage(network.probability(frame))
}
