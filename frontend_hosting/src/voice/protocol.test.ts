import { describe, expect, it } from 'vitest'

import { golden, ours } from './golden.ts'
import { ProtocolError } from './json-fields.ts'
import { decodeServerMessage } from './protocol-decoder.ts'
import { type ClientMessage, encodeClientMessage } from './protocol.ts'

const sent = ours(golden.clientToServer).filter(({ binary }) => !binary)
const received = ours(golden.serverToClient).filter(({ binary }) => !binary)

describe('messages to the service', () => {
  it.each(sent)('are as on the wire: $name', ({ wire, fields }) => {
    expect(JSON.parse(encodeClientMessage(fields as ClientMessage))).toEqual(wire)
  })

  it('never hold half a surrogate pair, which the service would refuse', () => {
    expect(encodeClientMessage({ type: 'text', text: 'a\ud800b' })).toBe('{"type":"text","text":"a\ufffdb"}')
  })
})

describe('messages of the service', () => {
  it.each(received)('decode to their fields: $name', ({ wire, fields }) => {
    expect(decodeServerMessage(JSON.stringify(wire))).toEqual(fields)
  })

  it('of an unknown type are let pass, so that the service may learn new ones', () => {
    expect(decodeServerMessage('{"type":"mood","seq":1}')).toEqual({ type: 'unknown', name: 'mood' })
    expect(decodeServerMessage('{"type":"constructor"}')).toEqual({ type: 'unknown', name: 'constructor' })
  })

  it('may have fields this page does not know', () => {
    expect(decodeServerMessage('{"type":"pong","seq":1,"id":2,"extra":3}')).toEqual({ type: 'pong', seq: 1, id: 2 })
  })

  const notMessages = golden.refused.filter(({ kind, names }) => kind === 'text' && (names === 'JSON' || names === 'object' || names === 'nest'))
  it.each(notMessages)('are refused when they are no message at all: $name', ({ wire }) => {
    expect(() => decodeServerMessage(String(wire))).toThrow(ProtocolError)
  })

  const optional = new Set(['resumeToken', 'closedBy', 'responseId', 'correlationId', 'clockMs', 'waterfall', 'costUsd'])
  const missing = received.flatMap(({ name, wire }) =>
    Object.keys(wire as object).filter((key) => !optional.has(key)).map((key) => ({ name, wire: wire as object, key })),
  )
  it.each(missing)('are refused without $key: $name', ({ wire, key }) => {
    expect(() => decodeServerMessage(JSON.stringify({ ...wire, [key]: undefined }))).toThrow(key)
  })

  it.each(missing)('are refused with a $key of the wrong kind: $name', ({ wire, key }) => {
    const wrong = key === 'type' ? 5 : typeof (wire as Record<string, unknown>)[key] === 'number' ? true : 7
    expect(() => decodeServerMessage(JSON.stringify({ ...wire, [key]: wrong }))).toThrow(key)
  })

  it('are refused with a negative count', () => {
    expect(() => decodeServerMessage('{"type":"pong","seq":1,"id":-2}')).toThrow('pong.id is not a number that is not negative')
  })

  it('name the field inside a field', () => {
    const usage = '{"type":"usage","seq":1,"input":{"speechTokens":1},"output":{"speechTokens":1,"textTokens":1},"totalTokens":3}'
    expect(() => decodeServerMessage(usage)).toThrow('usage.input.textTokens')
  })
})
