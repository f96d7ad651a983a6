import { describe, expect, it } from 'vitest'

import { EventLog, lineOf, matching, MOST_EVENTS } from './event-log.ts'

function filled(): EventLog {
  const log = new EventLog()
  log.add('page', { type: 'startRequested' }, 1000)
  log.add('service', { type: 'ready', voice: 'tiffany', resumeToken: 'secret-1' }, 2000)
  log.add('sound', { type: 'speechStarted', atMs: 3000 }, 3000)
  return log
}

describe('the event log', () => {
  it('keeps what happened, newest last', () => {
    expect(filled().getEvents().map(({ id, source, name }) => [id, source, name])).toEqual([
      [1, 'page', 'startRequested'], [2, 'service', 'ready'], [3, 'sound', 'speechStarted'],
    ])
  })

  it('holds no secret', () => {
    expect(filled().getEvents()[1]?.detail).toBe('{"voice":"tiffany","resumeToken":"…"}')
    const log = new EventLog()
    log.add('page', { type: 'auth', resume: { resumeToken: 't', lastSeq: 3 }, ticket: 'x' }, 0)
    expect(log.getEvents()[0]?.detail).toBe('{"resume":{"resumeToken":"…","lastSeq":3},"ticket":"…"}')
  })

  it('forgets the oldest when it is full, and its numbers show it', () => {
    const log = new EventLog()
    for (let i = 0; i < MOST_EVENTS + 20; i++) log.add('page', { type: 'muteToggled' }, i)
    expect(log.getEvents()).toHaveLength(MOST_EVENTS)
    expect(log.getEvents()[0]?.id).toBe(21)
  })

  it('cuts an event that is too long for a screen', () => {
    const log = new EventLog()
    log.add('service', { type: 'transcript', text: 'x'.repeat(5000) }, 0)
    expect(log.getEvents()[0]?.detail).toHaveLength(2001)
  })

  it('tells its listeners until they leave', () => {
    const log = new EventLog()
    let told = 0
    const leave = log.subscribe(() => told++)
    log.add('page', { type: 'a' }, 0)
    leave()
    log.add('page', { type: 'b' }, 0)
    expect(told).toBe(1)
  })

  it.each([
    [null, '', [1, 2, 3]],
    ['service', '', [2]],
    [null, 'TIFF', [2]],
    [null, ' speech ', [3]],
    ['page', 'tiff', []],
  ] as const)('is filtered by source %s and text %j', (source, text, ids) => {
    expect(matching(filled().getEvents(), source, text).map(({ id }) => id)).toEqual(ids)
  })

  it('is copied as one line an event', () => {
    expect(filled().getEvents().map(lineOf)).toEqual([
      '1970-01-01T00:00:01.000Z page startRequested',
      '1970-01-01T00:00:02.000Z service ready {"voice":"tiffany","resumeToken":"…"}',
      '1970-01-01T00:00:03.000Z sound speechStarted {"atMs":3000}',
    ])
  })
})
