import { describe, expect, it } from 'vitest'

import { hoursOf } from './analytics.ts'
import { readRecording } from './recording.ts'
import { ADMIN_WORDS } from './words.ts'

describe('a flight recording', () => {
  const lines = [
    '{"format":1,"now":100,"terms":{"session_id":"s1"}}', '["j",0.5]', '["s",100.5,"listening"]', '["a",101,1024,0,null,0,16384]',
    '["a",101.1,1024,1,null,0,-1]', '["m",102,1,"c",4800,32767]',
    '["f",102.5,1,{"outcome":"completed","cost_nano_usd":120000,"waterfall":{"endpointing_ms":30.5,"model_ms":60,"service_out_ms":1,"total_ms":91.5}}]',
    '["f",102.6,2,{"outcome":"unanswered","cost_nano_usd":0,"waterfall":null}]',
    '["e",101.5,{"@":"session.events.ModelEvent","event":{"@":"wire.sonic_output.TextOutput","role":"USER","text":"hello"}}]', '["truncated"]',
  ]

  it('is read as loudness, states and words', () => {
    const seen = readRecording(lines.join('\n'))
    expect(seen).toMatchObject({
      sessionId: 's1', truncated: true, states: [{ fromS: 0.5, state: 'listening' }], words: [{ atS: 1.5, role: 'USER', text: 'hello' }],
    })
    expect(seen?.turns).toMatchObject([
      { turn: 1, outcome: 'completed', costUsd: 0.000_12, waterfall: { uplinkMs: null, endpointingMs: 30.5, modelMs: 60, serviceOutMs: 1, outputMs: null, totalMs: 91.5 } },
      { turn: 2, outcome: 'unanswered', costUsd: 0, waterfall: null },
    ])
    expect(seen?.lengthS).toBeCloseTo(2.6)
    expect(seen?.user).toEqual([{ atS: 1, level: 16_384 / 32_767 }])
    expect(seen?.assistant).toEqual([{ atS: 2, level: 1 }])
  })

  it.each(['', '{}', 'hello', '[1]', '{"now":"x","terms":{}}', '{"now":1}'])('is not made of %j', (text) => {
    expect(readRecording(text)).toBeNull()
  })
})

it('shows the hours in which nothing happened too', () => {
  const hour = { period: '2026-11-23T18', turns: 3 } as Parameters<typeof hoursOf>[0][number]
  const hours = hoursOf([hour], Date.UTC(2026, 10, 23, 19, 30))
  expect(hours).toHaveLength(48)
  expect(hours.slice(-2)).toEqual([{ hour: '2026-11-23T18', turns: 3 }, { hour: '2026-11-23T19', turns: 0 }])
})

describe.each(['de', 'es', 'fr', 'it', 'pt'] as const)('the administrators’ words in %s', (language) => {
  it('leave nothing in English but what is spelt the same', () => {
    const same = Object.entries(ADMIN_WORDS[language]).filter(([key, value]) => value === ADMIN_WORDS.en[key as keyof typeof ADMIN_WORDS.en]).map(([key]) => key)
    expect(same.filter((key) => !['minutes', 'sessions'].includes(key))).toEqual([])
    expect(ADMIN_WORDS[language].days('<0>')).toContain('<0>')
  })
})
