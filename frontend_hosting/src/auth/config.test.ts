import { describe, expect, it } from 'vitest'

import { ConfigError, parseConfig } from './config.ts'

const GOOD = {
  authority: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCd12345',
  clientId: 'page',
  domain: 'https://voice.auth.eu-west-1.amazoncognito.com',
  scopes: ['openid', 'email'],
}

describe('/config.json', () => {
  it('is taken as it is, and names the administrators where they have another name', () => {
    expect(parseConfig(JSON.stringify(GOOD))).toEqual({ ...GOOD, adminGroup: 'admins' })
    expect(parseConfig(JSON.stringify({ ...GOOD, adminGroup: 'owners' })).adminGroup).toBe('owners')
  })

  it('may know more than this page does, and end its addresses with a slash', () => {
    expect(parseConfig(JSON.stringify({ ...GOOD, domain: `${GOOD.domain}/`, newer: 1 }))).toEqual({ ...GOOD, adminGroup: 'admins' })
  })

  it.each(['http://127.0.0.1:8446/pool', 'http://localhost:8446/pool', 'http://[::1]:8446/pool'])('may name this machine without TLS: %s', (authority) => {
    expect(parseConfig(JSON.stringify({ ...GOOD, authority })).authority).toBe(authority)
  })

  it.each([
    ['<!doctype html>', '/config.json is not JSON'],
    ['[]', '/config.json is not a JSON object'],
    ['null', '/config.json is not a JSON object'],
    [{ ...GOOD, clientId: undefined }, '/config.json: clientId is missing or not a text'],
    [{ ...GOOD, clientId: '' }, '/config.json: clientId is missing or not a text'],
    [{ ...GOOD, authority: 7 }, '/config.json: authority is missing or not a text'],
    [{ ...GOOD, authority: 'http://example.com/pool' }, '/config.json: authority is not an https address'],
    [{ ...GOOD, authority: 'javascript:alert(1)' }, '/config.json: authority is not an https address'],
    [{ ...GOOD, domain: 'voice.auth' }, '/config.json: domain is not an https address'],
    [{ ...GOOD, domain: 'https://x.example/?a=b' }, '/config.json: domain is not an https address'],
    [{ ...GOOD, scopes: 'openid' }, '/config.json: scopes is not a list of texts with openid among them'],
    [{ ...GOOD, scopes: ['openid', 1] }, '/config.json: scopes is not a list of texts with openid among them'],
    [{ ...GOOD, scopes: ['email'] }, '/config.json: scopes is not a list of texts with openid among them'],
  ])('that is wrong says what is wrong: %j', (body, sentence) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    expect(() => parseConfig(text)).toThrow(new ConfigError(sentence))
  })
})
