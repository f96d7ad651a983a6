import { describe, expect, it } from 'vitest'

import { golden } from './golden.ts'
import { decodeServerMessage } from './protocol-decoder.ts'
import { MOST_FRAMES, Resumption } from './resumption.ts'

const READY = golden.serverToClient.find(({ fields }) => fields.type === 'ready')?.wire

function begun({ resumed = false, frames = 0 } = {}): Resumption {
  const resumption = new Resumption()
  const ready = { ...(READY as object), seq: 4, sessionId: 's', conversationId: 'c', resumeToken: 't', resumed }
  resumption.heard(decodeServerMessage(JSON.stringify(ready)))
  for (let sequence = 0; sequence < frames; sequence++) resumption.sent(sequence, new ArrayBuffer(sequence))
  return resumption
}

const ack = (sequence: number) => ({ type: 'ack', seq: 5, sequence }) as const
const sizes = (resumption: Resumption): number[] => resumption.unconfirmed().map((frame) => frame.byteLength)

describe('what a page claims when it comes back', () => {
  it('is its session, how far it had got and what was played', () => {
    const resumption = begun()
    resumption.played({ responseId: 1, positionMs: 700 })

    expect(resumption.claim()).toEqual({
      resume: { sessionId: 's', resumeToken: 't', lastSeq: 4, played: { responseId: 1, positionMs: 700 } },
    })
  })

  it('is a session instead of its conversation, never both', () => {
    const { resume, conversationId } = begun().claiming({ type: 'start', conversationId: 'c', voice: 'amy' })

    expect(resume?.sessionId).toBe('s')
    expect(conversationId).toBeUndefined()
  })

  it('leaves a start as it is before there was a session', () => {
    expect(new Resumption().claiming({ type: 'start', conversationId: 'c' })).toEqual({ type: 'start', conversationId: 'c' })
  })

  it('is nothing before there was a session', () => {
    expect(new Resumption().claim()).toEqual({})
    expect(new Resumption().isWaiting).toBe(false)
  })

  it.each([1000, 4400, 4403, 4408, 4409, 4410])('is nothing after %d', (code) => {
    const resumption = begun()
    resumption.closed(code)

    expect(resumption.claim()).toEqual({})
  })

  it.each([1001, 1006, 1012, 4000, 4503])('is the session after %d', (code) => {
    const resumption = begun()
    resumption.closed(code)

    expect(resumption.claim()).toHaveProperty('resume')
    expect(resumption.isWaiting).toBe(true)
  })
})

describe('what is said again', () => {
  it('is what was not confirmed', () => {
    const resumption = begun({ frames: 5 })
    resumption.heard(ack(2))

    expect(sizes(resumption)).toEqual([3, 4])
  })

  it('is five seconds at most', () => {
    expect(begun({ frames: MOST_FRAMES + 10 }).unconfirmed()).toHaveLength(MOST_FRAMES)
  })

  it('is known by its number, which wraps', () => {
    const resumption = begun()
    for (const sequence of [2 ** 32 - 1, 0, 1]) resumption.sent(sequence, new ArrayBuffer(sequence % 7))
    resumption.heard(ack(0))

    expect(sizes(resumption)).toEqual([1])
  })
})

describe('what was typed', () => {
  const read = (text: string) => ({ type: 'transcript', seq: 5, turn: 1, role: 'user', stage: 'spoken', text }) as const

  it('and told as heard is not sent again', () => {
    const resumption = begun()
    resumption.typed('one')
    resumption.typed('two')
    resumption.heard(read('one'))

    expect(resumption.unread()).toEqual(['two'])
  })

  it('goes with a session that nobody has any more', () => {
    const resumption = begun()
    resumption.typed('one')
    resumption.heard(decodeServerMessage(JSON.stringify({ ...(READY as object), seq: 1, resumed: false })))

    expect(resumption.unread()).toEqual([])
  })
})
