// The player worklet, as the page sees it.

import type { PageToPlayer, PlayerToPage } from './messages.ts'
import workletUrl from './player.worklet.ts?worker&url'

export const PLAYER_URL: string = workletUrl

export type Player = {
  readonly node: AudioWorkletNode
  readonly send: (command: PageToPlayer, transfer?: Transferable[]) => void
}

export async function createPlayer(context: AudioContext, onEvent: (event: PlayerToPage) => void): Promise<Player> {
  await context.audioWorklet.addModule(workletUrl)
  const node = new AudioWorkletNode(context, 'player', { numberOfInputs: 0, numberOfOutputs: 1, outputChannelCount: [1] })
  node.port.onmessage = ({ data }: MessageEvent<PlayerToPage>) => onEvent(data)
  return { node, send: (command, transfer = []) => node.port.postMessage(command, transfer) }
}
