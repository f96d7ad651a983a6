import { describe, expect, it } from 'vitest'

import { closingFor, RetryPlan } from './close-codes.ts'

it.each([
  [1000, 'end'], [1009, 'fail'], [1011, 'retry'], [4400, 'fail'], [4401, 'fail'], [4403, 'fail'], [4408, 'end'],
  [4409, 'end'], [4410, 'retry'], [4429, 'retry'], [4503, 'retry'], [1006, 'retry'], [4000, 'retry'], [3999, 'retry'],
])('close code %i: %s', (code, kind) => {
  expect(closingFor(code).kind).toBe(kind)
})

it.each(['budget_spent', 'daily_limit', 'model_refused', 'content_filtered'])('%s is not tried again, whatever the code', (error) => {
  expect([1011, 4429, 4503].map((code) => closingFor(code, error).kind)).toEqual(['fail', 'fail', 'fail'])
  expect(closingFor(1000, error).kind).toBe('end')
})

it('slowing down waits for seconds, not milliseconds', () => {
  expect(closingFor(4429)).toMatchObject({ leastMs: 5000 })
})

describe('trying again', () => {
  const lost = { liveSinceMs: null, leastMs: 0 }

  it('happens within half a second first, then with full jitter up to fifteen seconds', () => {
    const most: (number | null)[] = []
    const plan = new RetryPlan()
    for (let i = 0; i < 8; i++) most.push(plan.next({ ...lost, now: i, random: 1 }))
    expect(most).toEqual([500, 1000, 2000, 4000, 8000, 15000, 15000, 15000])
    expect(new RetryPlan().next({ ...lost, now: 0, random: 0 })).toBe(0)
  })

  it('ends after a minute of trouble', () => {
    const plan = new RetryPlan()
    plan.next({ ...lost, now: 1000, random: 0 })
    expect(plan.next({ ...lost, now: 60_999, random: 0 })).not.toBeNull()
    expect(plan.next({ ...lost, now: 61_000, random: 0 })).toBeNull()
  })

  it('starts over after a session that was healthy, and not after one that was not', () => {
    const plan = new RetryPlan()
    for (let i = 0; i < 5; i++) plan.next({ ...lost, now: i, random: 1 })
    expect(plan.next({ leastMs: 0, now: 40_000, liveSinceMs: 20_000, random: 1 })).toBe(15_000)
    expect(plan.next({ leastMs: 0, now: 90_000, liveSinceMs: 60_000, random: 1 })).toBe(500)
  })

  it('waits at least as long as it was told', () => {
    expect(new RetryPlan().next({ now: 0, liveSinceMs: null, leastMs: 5000, random: 0.5 })).toBe(5250)
  })
})
