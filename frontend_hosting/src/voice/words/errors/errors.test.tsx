// @vitest-environment happy-dom
// Every error of the protocol is told on the screen in the user's language, not in the service's.

import '@testing-library/jest-dom/vitest'

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

import { cleanup, render, screen } from '@testing-library/react'
import { afterEach, describe, expect, it } from 'vitest'

import { closingFor } from '../../close-codes.ts'
import { CallSummary } from '../../components/call-summary.tsx'
import { Complaint } from '../../components/notice-card.tsx'
import { ProblemCard } from '../../components/problem-card.tsx'
import { ERROR_CODES, type ErrorCode, isPassing } from '../../error-codes.ts'
import { INITIAL, type VoiceState } from '../../call-state.ts'
import { reduce, type VoiceEvent } from '../../session.ts'
import { LANGUAGES, loadWords } from '../catalogue.ts'
import { WordsContext } from '../use-words.ts'

const PROTOCOL = readFileSync(resolve(import.meta.dirname, '../../../../../docs/protocol.md'), 'utf8')
const documented = [...(PROTOCOL.split('## Error codes')[1] ?? '').split('## ')[0]?.matchAll(/^\| `(\w+)` \|/gmu) ?? []].map(([, code]) => code)

/** With which code the service closes after each; those after which it does not have none. */
const CLOSES: Readonly<Partial<Record<ErrorCode, number>>> = {
  protocol_error: 4400, message_too_big: 1009, too_fast: 4429, idle: 4408, start_timeout: 4408, too_slow: 4429, forbidden: 4403, budget_spent: 4403,
  at_capacity: 4429, daily_limit: 4429, conversation_unknown: 4410, history_unavailable: 4503, sign_in_required: 4401, superseded: 4409,
  going_away: 4503, model_unavailable: 4503, model_refused: 1011, content_filtered: 1011, internal_error: 1011,
}

/** A call that was refused, or ended, for this reason; nothing more is tried. */
function after(code: ErrorCode): VoiceState {
  const events: readonly VoiceEvent[] = [
    { type: 'startRequested', typing: true },
    { type: 'messageReceived', atMs: 1, message: { type: 'error', seq: 1, code, message: 'In the service’s own words.', retryable: true, correlationId: 'x' } },
    { type: 'socketClosed', closing: closingFor(CLOSES[code] ?? 1000, code), retryAtMs: null, atMs: 2 },
  ]
  return events.reduce(reduce, INITIAL)
}

afterEach(cleanup)

it('the page knows the errors of the protocol, and no others', () => {
  expect([...ERROR_CODES].toSorted()).toEqual(documented.toSorted())
})

it('each either ends the call or lets it go on', () => {
  expect(ERROR_CODES.filter((code) => (CLOSES[code] === undefined) !== isPassing(code))).toEqual([])
})

describe.each(LANGUAGES)('in %s', (language) => {
  it.each(ERROR_CODES.filter((code) => !isPassing(code)))('%s is told when it has ended the call', async (code) => {
    const words = await loadWords(language)
    const state = after(code)
    const { call } = state
    if (call.status !== 'failed' && call.status !== 'ended') expect.fail(`the call is ${call.status}`)
    render(<WordsContext value={words}>{call.status === 'failed' ? <ProblemCard problem={call.problem} /> : <CallSummary state={state} />}</WordsContext>)
    if (call.status === 'ended') expect(screen.getByText(words.ended[call.why])).toBeVisible()
    else {
      expect(screen.getByRole('alert')).toHaveTextContent(words.errors[code].title)
      expect(screen.getByRole('alert')).toHaveTextContent(words.errors[code].remedy)
    }
  })

  it.each(ERROR_CODES)('%s is told when it comes in a call', async (code) => {
    const words = await loadWords(language)
    const error = { type: 'error', seq: 1, code, message: 'In the service’s own words.', retryable: true, correlationId: 'x' } as const
    render(<WordsContext value={words}><Complaint error={error} onDismiss={() => undefined} /></WordsContext>)
    expect(screen.getByRole('alert')).toHaveTextContent(`${words.errors[code].title}. ${words.errors[code].remedy}`)
    expect(screen.getByRole('alert')).not.toHaveTextContent(error.message)
  })
})

it('one that only a newer service knows is told in that service’s words, marked as English', () => {
  const error = { type: 'error', seq: 1, code: 'moon_full', message: 'The moon is full.', retryable: true, correlationId: null } as const
  render(<Complaint error={error} onDismiss={() => undefined} />)
  expect(screen.getByText('The moon is full.')).toHaveAttribute('lang', 'en')
})
