import { expect, it } from 'vitest'

import { socketUrl } from './socket.ts'

it('the socket is on the page’s own origin, encrypted where the page is, without a query', () => {
  expect(socketUrl({ protocol: 'https:', host: 'voice.example' })).toBe('wss://voice.example/ws')
  expect(socketUrl({ protocol: 'http:', host: '127.0.0.1:8000' })).toBe('ws://127.0.0.1:8000/ws')
})
