// @vitest-environment happy-dom

import '@testing-library/jest-dom/vitest'

import { act, cleanup, fireEvent, screen } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { en } from '../words/en.ts'
import { SETTINGS, show, status } from './call-screen.fixture.tsx'

beforeEach(() => localStorage.clear())
afterEach(cleanup)

describe('the keyboard', () => {
  it('mutes with M and interrupts with Esc, but not while one types', async () => {
    const { goLive, user, done } = await show()
    goLive()
    await user.keyboard('m')
    expect(status()).toBe('Muted')
    await user.keyboard('{Escape}')
    expect(done).toContain('interrupt')
    await user.type(screen.getByRole('textbox', { name: en.composerLabel }), 'm')
    expect(status()).toBe('Muted')
  })

  it('talks while Space is held', async () => {
    const { goLive, user, done } = await show()
    goLive()
    await user.click(screen.getByRole('button', { name: 'Push to talk' }))
    act(() => (document.activeElement as HTMLElement).blur())
    await user.keyboard('{ >}')
    expect(done.at(-1)).toBe('hold')
    await user.keyboard('{/ }')
    expect(done.at(-1)).toBe('release')
  })

  it('talks while the button is held, and from one tap to the next', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    try {
      const { goLive, user, done } = await show()
      goLive()
      await user.click(screen.getByRole('button', { name: 'Push to talk' }))
      const talk = screen.getByRole('button', { name: /Hold to talk/u })
      talk.setPointerCapture = () => undefined
      const press = (ms: number): void => {
        fireEvent.pointerDown(talk, { pointerId: 1 })
        vi.advanceTimersByTime(ms)
        fireEvent.pointerUp(talk, { pointerId: 1 })
      }
      const talked = (): readonly string[] => done.filter((what) => what === 'hold' || what === 'release')
      press(800)
      expect(talked()).toEqual(['hold', 'release'])
      press(120)
      expect(talked()).toEqual(['hold', 'release', 'hold'])
      expect(talk).toHaveAttribute('aria-pressed', 'true')
      press(120)
      expect(talked().at(-1)).toBe('release')
      expect(talk).toHaveAttribute('aria-pressed', 'false')
    } finally {
      vi.useRealTimers()
    }
  })

  it('does nothing when its shortcuts are switched off', async () => {
    const { goLive, user, done } = await show({ settings: { ...SETTINGS, shortcuts: false } })
    goLive()
    await user.keyboard('m{Escape}')
    expect(status()).toBe('Listening')
    expect(done).not.toContain('interrupt')
  })
})
