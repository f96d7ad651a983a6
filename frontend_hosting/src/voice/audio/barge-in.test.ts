import { describe, expect, it } from 'vitest'

import { BargeIn } from './barge-in.ts'

const CONFIG = { doubt: 350, patience: 3000 }
type Step = 'onset' | 'onset in silence' | 'speech' | 'speech in silence' | 'button' | 'quiet' | 'flushed' | number

function after(...steps: readonly Step[]): boolean {
  const bargeIn = new BargeIn(CONFIG)
  for (const step of steps) {
    if (typeof step === 'number') bargeIn.advance(step)
    else if (step === 'onset') bargeIn.onset(true)
    else if (step === 'onset in silence') bargeIn.onset(false)
    else if (step === 'flushed') bargeIn.flushed()
    else bargeIn.speech({ speaking: step !== 'quiet', pressed: step === 'button', heard: step !== 'speech in silence' })
  }
  return bargeIn.holds
}

describe('a reply', () => {
  it.each<readonly [string, boolean, readonly Step[]]>([
    ['goes on while nobody speaks', false, [1000]],
    ['is held at the first sound of a voice', true, ['onset']],
    ['goes on when it was no voice', false, ['onset', 349, 1]],
    ['stays held when it was one', true, ['onset', 349, 'speech', 2999]],
    ['is held when only the detector noticed', true, ['speech']],
    ['goes on when the user falls silent and nobody interrupted it', false, ['speech', 500, 'quiet']],
    ['goes on when the service does not mind the talking', false, ['speech', 3000]],
    ['is not held twice by the same talking', false, ['speech', 3000, 'onset', 'speech', 1]],
    ['is held again by new talking', true, ['speech', 3000, 'quiet', 'speech']],
    ['is held for as long as the button is', true, ['button', 60_000]],
    ['that follows an interruption is not held by the end of the talking', false, ['speech', 'flushed', 'speech']],
    ['does not begin held because the user was already speaking', false, ['speech in silence', 100]],
    ['is not held by a sound before it', false, ['onset in silence']],
  ])('%s', (_name, holds, steps) => {
    expect(after(...steps)).toBe(holds)
  })
})
