import { describe, expect, it } from 'vitest'

import { choosable, type Device, microphoneMove, type Move, type OpenMicrophone, speakerFor } from './device-choice.ts'

const device = (id: string, groupId = id): Device => ({ id, groupId, label: id })
const open = (id: string, groupId = id): OpenMicrophone => ({ id, groupId, label: id, echoCancelled: true })
const KEEP: Move = { do: 'keep' }

describe('the microphone of a call', () => {
  it.each<readonly [string, readonly Device[], string | null, OpenMicrophone | null, Move]>([
    ['stays while nothing concerns it', [device('a'), device('b')], null, open('a'), KEEP],
    ['that was chosen stays', [device('a'), device('b')], 'a', open('a'), KEEP],
    ['that was chosen is opened when it comes', [device('a'), device('b')], 'b', open('a'), { do: 'open', id: 'b' }],
    ['stays when the chosen one is not there', [device('a')], 'b', open('a'), KEEP],
    ['that is lost is replaced by the system’s', [device('a')], 'b', null, { do: 'open', id: null }],
    ['that is lost is replaced by the chosen one', [device('a'), device('b')], 'b', null, { do: 'open', id: 'b' }],
    ['that is lost without another is waited for', [], null, null, { do: 'wait' }],
    ['follows the system’s default', [device('default', 'h'), device('a', 'g'), device('b', 'h')], null, open('default', 'g'), { do: 'open', id: null }],
    ['does not follow it when it was chosen', [device('default', 'h'), device('a', 'g'), device('b', 'h')], 'a', open('a', 'g'), KEEP],
    ['stays when the browser tells no groups', [device('default', ''), device('a', '')], null, open('default', ''), KEEP],
    ['stays when a browser lists nothing without permission', [], null, open('a'), KEEP],
  ])('%s', (_name, there, chosen, now, move) => {
    expect(microphoneMove(there, chosen, now)).toEqual(move)
  })
})

it('the system’s default is a choice of its own, not a device in the list', () => {
  expect(choosable([device('default'), device('communications'), device('a')])).toEqual([device('a')])
})

it('a loudspeaker that is not there is the system’s', () => {
  expect(speakerFor([device('a')], 'a')).toBe('a')
  expect(speakerFor([device('a')], 'b')).toBeNull()
  expect(speakerFor([device('a')], null)).toBeNull()
})
