import { describe, expect, it } from 'vitest'

import { bytesOf, golden, hexOf, ours } from '../golden.ts'
import { decodeDownlinkFrame, encodeUplinkFrame, FrameError, numberUplinkFrame } from './frame.ts'

const sent = ours(golden.clientToServer).filter(({ binary }) => binary)
const received = ours(golden.serverToClient).filter(({ binary }) => binary)
const refused = ours(golden.refused).filter(({ kind }) => kind === 'binary')

describe('frames to the service', () => {
  it.each(sent)('are as on the wire: $name', ({ wire, fields }) => {
    const pcm = new Int16Array(bytesOf(fields['pcmHex']))
    const frame = {
      sequence: Number(fields['sequence']),
      capturedAtMs: Number(fields['capturedAtMs']),
      endOfUtterance: fields['endOfUtterance'] === true,
      pcm,
    }
    expect(hexOf(encodeUplinkFrame(frame))).toBe(wire)
  })

  it('can be numbered after they were made', () => {
    const frame = { capturedAtMs: 5, endOfUtterance: true, pcm: Int16Array.of(1, 2) }
    const buffer = encodeUplinkFrame({ ...frame, sequence: 0 })
    numberUplinkFrame(buffer, 0xffff_ffff)
    expect(hexOf(buffer)).toBe(hexOf(encodeUplinkFrame({ ...frame, sequence: 0xffff_ffff })))
  })
})

describe('frames of the service', () => {
  it.each(received)('decode to their fields: $name', ({ wire, fields }) => {
    const frame = decodeDownlinkFrame(bytesOf(wire))
    expect({ type: 'audio', pcmHex: hexOf(frame.pcm), responseId: frame.responseId, position: frame.position }).toEqual(fields)
  })

  // The same faults in the other direction: type 1 becomes type 2.
  it.each(refused)('are refused, naming the fault: $name', ({ wire, names }) => {
    const downlink = String(wire).replace(/^0101/u, '0102')
    expect(() => decodeDownlinkFrame(bytesOf(downlink))).toThrow(FrameError)
    expect(() => decodeDownlinkFrame(bytesOf(downlink))).toThrow(names)
  })

  it('are refused when they are the client’s own', () => {
    expect(() => decodeDownlinkFrame(bytesOf(sent[0]?.wire))).toThrow('type 1')
  })
})
