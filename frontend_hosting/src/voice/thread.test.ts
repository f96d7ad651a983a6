import { describe, expect, it } from 'vitest'

import { bestTextOf, type Said, type SaidText, textOf, type Thread, withEnd, withInterruption, withOutcome, withResponseTimes, withTranscript, withTyped } from './thread.ts'

const reply = (stage: 'planned' | 'spoken' | 'heard', text: string, turn = 1): SaidText => ({
  session: 1, turn, role: 'assistant', stage, text, responseId: turn, audioMs: 0, fromMs: 0, toMs: null,
})
const user = (text: string, turn = 1): SaidText => ({ session: 1, turn, role: 'user', stage: 'spoken', text, audioMs: 0, fromMs: 0, toMs: 0 })
const STAGES = { waitingMs: 0, answeringMs: 0, playingMs: 0 }
const thread = (...said: readonly SaidText[]): Thread => said.reduce<Thread>(withTranscript, [])
const last = (of: Thread): Said => of.findLast((entry): entry is Said => entry.kind === 'said') ?? expect.fail('nothing was said')

describe('a reply', () => {
  it('is still to come as far as it is only planned', () => {
    const said = thread(reply('planned', 'It is sunny.'), reply('planned', 'It stays dry.'), reply('spoken', 'It is sunny.'))
    expect(textOf(last(said))).toEqual({ spoken: 'It is sunny.', coming: 'It stays dry.' })
  })

  it('is what was really said where that differs from the plan', () => {
    const said = thread(reply('planned', 'It is sunny.'), reply('planned', 'It stays dry.'), reply('spoken', 'It is rainy.'))
    expect(textOf(last(said))).toEqual({ spoken: 'It is rainy.', coming: 'It stays dry.' })
  })

  it('that was played to its end counts as spoken, even before its last words are confirmed', () => {
    const planned = withOutcome(thread(reply('planned', 'One.'), reply('planned', 'Two.')), 1, 1, 'completed')
    expect(textOf(last(planned))).toEqual({ spoken: 'One. Two.', coming: '' })
  })

  it('is not doubled by words that are confirmed after its turn has ended', () => {
    const ended = withOutcome(thread(reply('planned', 'One.'), reply('planned', 'Two.')), 1, 1, 'completed')
    const confirmed = [reply('spoken', 'One.'), reply('spoken', 'Two.')].reduce(withTranscript, ended)
    expect(textOf(last(confirmed))).toEqual({ spoken: 'One. Two.', coming: '' })
  })

  it('takes late words although the next turn has begun', () => {
    const said = thread(reply('planned', 'One.'), user('and now?', 2), reply('planned', 'New.', 2), reply('spoken', 'One.'))
    expect(said).toMatchObject([{ turn: 1, spoken: ['One.'] }, { turn: 2, role: 'user' }, { turn: 2, planned: ['New.'], spoken: [] }])
  })

  it('that was broken off is what was heard of it, whatever was planned and said', () => {
    const said = thread(reply('planned', 'One.'), reply('planned', 'Two.'), reply('spoken', 'One.'), reply('heard', 'One. Tw'))
    expect(textOf(last(withInterruption(said, 1, 1)))).toEqual({ spoken: 'One. Tw', coming: '' })
    expect(textOf(last(thread(reply('planned', 'One.'), reply('heard', ''))))).toEqual({ spoken: '', coming: '' })
  })

  it('that was interrupted ends where it was heard to end', () => {
    const said = withInterruption(thread(reply('planned', 'One.'), reply('planned', 'Two.'), reply('spoken', 'One.')), 1, 1)
    expect(textOf(last(said))).toEqual({ spoken: 'One.', coming: '' })
    expect(last(withOutcome(said, 1, 1, 'completed')).outcome).toBe('interrupted')
  })

  it('that was interrupted before any word was confirmed shows the plan as a plan', () => {
    expect(textOf(last(withInterruption(thread(reply('planned', 'One.')), 1, 1)))).toEqual({ spoken: '', coming: 'One.' })
  })
})

it('the end of a call cuts off the reply that was under way, and leaves the others as they were', () => {
  const answered = withOutcome(thread(user('one?'), reply('planned', 'One.')), 1, 1, 'completed')
  const ended = withEnd([user('two?', 2), reply('planned', 'Two.', 2)].reduce(withTranscript, answered))
  expect(ended).toMatchObject([{ outcome: 'completed' }, { outcome: 'completed' }, { outcome: 'completed' }, { outcome: 'interrupted' }])
  expect(bestTextOf(last(ended)), 'what is taken along says at least what was planned').toBe('Two.')
})

describe('typed text', () => {
  it('stands there once, although the service repeats it', () => {
    const said = withTranscript(withTyped([], 1, 'What  can you do?', 0), user('what can you do?'))
    expect(said).toMatchObject([{ via: 'text', turn: 1, spoken: ['What  can you do?'] }])
  })

  it('does not swallow what was spoken', () => {
    expect(withTranscript(withTyped([], 1, 'one', 0), user('two'))).toHaveLength(2)
  })

  it('that is sent again belongs to its own turn', () => {
    const first = withTranscript(withTyped([], 1, 'again', 0), user('again', 1))
    expect(withTranscript(withTyped(first, 1, 'again', 0), user('again', 2))).toMatchObject([{ turn: 1 }, { turn: 2 }])
  })

  it('of an earlier session is not confirmed by this one', () => {
    expect(withTranscript(withTyped([], 1, 'one', 0), { ...user('one'), session: 2 })).toHaveLength(2)
  })
})

it('sessions do not mix although their turns have the same numbers', () => {
  const said = withTranscript(thread(user('one')), { ...user('two'), session: 2 })
  expect(said).toMatchObject([{ spoken: ['one'] }, { spoken: ['two'] }])
})

it('a response time finds its reply, whichever comes first', () => {
  const times = [{ session: 1, responseId: 1, ms: 700, stages: STAGES }]
  expect(last(withResponseTimes(thread(reply('planned', 'Hi.')), times)).responseMs).toBe(700)
  const unrelated = thread(user('hello'))
  expect(withResponseTimes(unrelated, times)).toBe(unrelated)
})

it('a turn without an answer says so in the thread', () => {
  expect(withOutcome(thread(user('hello')), 1, 1, 'unanswered').at(-1)).toMatchObject({ kind: 'note', note: 'unanswered' })
})
