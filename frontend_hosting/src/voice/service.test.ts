import { describe, expect, it } from 'vitest'

import { diagnose, fetchOptions } from './service.ts'

const OPTIONS = {
  model: 'm',
  languages: [{ code: 'en-US', name: 'English', voices: [{ id: 'tiffany' }, { id: 'matthew', name: 'Matthew' }] }],
  defaults: { language: 'en-US', voice: 'tiffany' },
  silenceThresholdMs: 1500,
}
const answers = (status: number, body: string) => (): Promise<Response> => Promise.resolve(new Response(body, { status }))
const unreachable = (): Promise<Response> => Promise.reject(new TypeError('Failed to fetch'))

describe('the options', () => {
  it('are read, and a voice without a name is called by its id', async () => {
    expect(await fetchOptions(answers(200, JSON.stringify(OPTIONS)))).toEqual({
      model: 'm',
      languages: [{ code: 'en-US', name: 'English', voices: [{ id: 'tiffany', name: 'Tiffany' }, { id: 'matthew', name: 'Matthew' }] }],
      defaults: { language: 'en-US', voice: 'tiffany' },
      patience: null,
    })
  })

  it.each(['{}', '[]', '{"languages":[{}],"defaults":{},"model":"m"}', JSON.stringify({ ...OPTIONS, languages: [{ code: 'x', voices: [1] }] })])(
    'of another shape are a refusal: %s',
    async (body) => {
      expect(await fetchOptions(answers(200, body))).toEqual({ code: 'serviceRefused', detail: null })
    },
  )

  it('of a service that is gone are a problem of their own', async () => {
    expect(await fetchOptions(unreachable)).toEqual({ code: 'serviceUnreachable', detail: null })
    expect(await fetchOptions(answers(200, 'not JSON'))).toEqual({ code: 'serviceUnreachable', detail: null })
  })
})

describe('the diagnosis', () => {
  it('takes its sentence from the problem document', async () => {
    const body = JSON.stringify({ title: 'Full', detail: 'All 50 sessions are taken.', status: 503 })
    expect(await diagnose(answers(503, body))).toEqual({ code: 'serviceRefused', detail: 'All 50 sessions are taken.' })
  })

  it('takes the reasons of the health check', async () => {
    expect(await diagnose(answers(503, '{"reasons":["It is starting.","The model does not answer."]}'))).toMatchObject({
      detail: 'It is starting. The model does not answer.',
    })
  })

  it('knows a gateway without a service behind it', async () => {
    expect(await diagnose(answers(502, '<html>'))).toEqual({ code: 'serviceUnreachable', detail: null })
    expect(await diagnose(unreachable)).toEqual({ code: 'serviceUnreachable', detail: null })
  })

  it('of a service that says it is ready is a refusal without a reason', async () => {
    expect(await diagnose(answers(200, '{}'))).toEqual({ code: 'serviceRefused', detail: null })
  })
})
