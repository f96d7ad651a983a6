// Whether a sound is speech, asked of a neural network: fetched when somebody wants it, half a megabyte, this origin.

import { trustedScriptUrl } from '../trusted-script.ts'
import type { PageToJudge } from './messages.ts'
import workerUrl from './silero/judge.worker.ts?worker&url'
import weightsUrl from './silero/weights.f16?url'

export type SpeechJudge = {
  /** For the capture worklet. */
  readonly port: MessagePort
  readonly close: () => void
}

/** Rejects when it cannot be fetched. */
export async function createSpeechJudge(): Promise<SpeechJudge> {
  const response = await fetch(weightsUrl)
  if (!response.ok) throw new Error(`the weights: ${response.status}`)
  const weights = await response.arrayBuffer()
  const worker = new Worker(trustedScriptUrl(workerUrl), { type: 'module' })
  const channel = new MessageChannel()
  const message: PageToJudge = { weights, capture: channel.port1 }
  worker.postMessage(message, [weights, channel.port1])
  return { port: channel.port2, close: () => worker.terminate() }
}
