// @vitest-environment happy-dom

import '@testing-library/jest-dom/vitest'

import { act, cleanup, screen } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

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

  it('does nothing when its shortcuts are switched off', async () => {
    const { goLive, user, done } = await show({ settings: { ...SETTINGS, shortcuts: false } })
    goLive()
    await user.keyboard('m{Escape}')
    expect(status()).toBe('Listening')
    expect(done).not.toContain('interrupt')
  })
})
