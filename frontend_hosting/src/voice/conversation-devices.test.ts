import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { live, page, READY } from './conversation.fixture.ts'
import { DEFAULT_SOUND } from './sound.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('devices that come and go while one talks', () => {
  const [HEADSET, DESK] = [{ id: 'a', groupId: 'g', label: 'Headset' }, { id: 'b', groupId: 'h', label: 'Desk' }]

  it('a microphone that is unplugged is replaced, and the call goes on', async () => {
    const { audio, store, done, plug, phase } = await live()
    audio().onMicrophoneLost()
    await plug({ microphones: [DESK] })
    expect(done.at(-1)).toBe('microphone default')
    expect(store.getState().notice).toBe('microphoneSwitched')
    expect(phase()).toBe('listening')
  })

  it('without another one the call goes on by typing, and by talking once it is back', async () => {
    const { audio, store, done, plug } = await live()
    await plug({ microphones: [] })
    audio().onMicrophoneLost()
    await vi.advanceTimersByTimeAsync(0)
    expect(store.getState()).toMatchObject({ notice: 'microphoneGone', input: { mode: 'typing' }, call: { status: 'live' } })
    expect(done.at(-1)).toBe('gate closed')
    await plug({ microphones: [HEADSET] })
    expect(store.getState()).toMatchObject({ notice: 'microphoneBack', input: { mode: 'handsFree', muted: false } })
    expect(done.slice(-2)).toEqual(['microphone default', 'gate open'])
  })

  it('a microphone that is chosen is used at once, and nothing is said about it', async () => {
    const { conversation, store, done, plug } = await live()
    await plug({ microphones: [HEADSET, DESK] })
    conversation.setSound({ ...DEFAULT_SOUND, microphoneId: 'b' })
    await vi.advanceTimersByTimeAsync(0)
    expect(done.at(-1)).toBe('microphone b')
    expect(store.getState().notice).toBeNull()
  })

  it('a loudspeaker that is chosen is used, and named when it goes', async () => {
    const { conversation, store, done, plug } = await live()
    await plug({ speakers: [{ id: 's', groupId: 'g', label: 'Headset' }] })
    conversation.setSound({ ...DEFAULT_SOUND, speakerId: 's' })
    await vi.advanceTimersByTimeAsync(0)
    expect(done.at(-1)).toBe('speaker s')
    expect(store.getState().notice).toBeNull()
    await plug({ speakers: [] })
    expect(done.at(-1)).toBe('speaker default')
    expect(store.getState().notice).toBe('speakerGone')
  })

  it('one that cannot take out the echo is named, with push to talk as the way on', async () => {
    const { audio, store } = await live()
    audio().onMicrophone({ ...HEADSET, echoCancelled: false })
    expect(store.getState().notice).toBe('echo')
  })

  it('one that goes while the call is being set up is replaced too', async () => {
    const { conversation, done, store, receive } = page({ unplugged: true })
    await conversation.start(null)
    receive(READY)
    await vi.advanceTimersByTimeAsync(0)
    expect(done).toContain('microphone default')
    expect(store.getState().call.status).toBe('live')
  })

  it('a call by typing opens none', async () => {
    const { conversation, done, plug } = page()
    await conversation.start(null, { typing: true })
    await plug({ microphones: [HEADSET, DESK] })
    expect(done.filter((step) => step.startsWith('microphone'))).toEqual([])
  })
})

describe('the network that tells speech from noise', () => {
  it('is used from the beginning where it was chosen, and given up at once', async () => {
    const { conversation, socket, receive, done } = page()
    conversation.setSound({ ...DEFAULT_SOUND, detector: 'network' })
    await conversation.start(null)
    socket({ type: 'opened' })
    receive(READY)
    conversation.setSound(DEFAULT_SOUND)
    expect(done.filter((step) => step.startsWith('detector'))).toEqual(['detector network', 'detector level'])
  })

  it('is told of when it cannot be had', async () => {
    const { conversation, store } = await live({ network: 'missing' })
    conversation.setSound({ ...DEFAULT_SOUND, detector: 'network' })
    await vi.advanceTimersByTimeAsync(0)
    expect(store.getState().notice).toBe('detectorMissing')
  })
})
