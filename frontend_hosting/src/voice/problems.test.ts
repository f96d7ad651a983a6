import { expect, it } from 'vitest'

import { mayTypeInstead, microphoneProblem } from './problems.ts'

it.each([
  ['NotAllowedError', 'microphoneDenied'], ['SecurityError', 'microphoneDenied'], ['NotFoundError', 'microphoneMissing'],
  ['OverconstrainedError', 'microphoneMissing'], ['NotReadableError', 'microphoneBusy'], ['AbortError', 'microphoneBusy'],
  ['TypeError', 'microphoneFailed'],
])('%s means %s', (name, problem) => {
  expect(microphoneProblem(Object.assign(new Error('x'), { name }))).toBe(problem)
})

it('one may type where only the microphone is missing', () => {
  expect(mayTypeInstead({ code: 'microphoneDenied', detail: null })).toBe(true)
  expect(mayTypeInstead({ code: 'serviceUnreachable', detail: null })).toBe(false)
  expect(mayTypeInstead({ code: 'insecureContext', detail: null })).toBe(false)
})
