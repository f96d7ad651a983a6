// @vitest-environment happy-dom

import { act, cleanup, render } from '@testing-library/react'
import type { ReactNode } from 'react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import type { Conversation } from '../conversation.ts'
import { usePresence } from './use-presence.ts'

const done: string[] = []
let offered = true

beforeEach(() => {
  done.length = 0
  offered = true
  vi.stubGlobal('navigator', {
    ...navigator,
    wakeLock: {
      request: async (kind: string) => {
        done.push(`${kind} held`)
        const lock = { release: async () => Promise.resolve(void done.push('released')) }
        return offered ? Promise.resolve(lock) : Promise.reject(new DOMException('low battery', 'NotAllowedError'))
      },
    },
  })
})
afterEach(() => {
  cleanup()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

const CONVERSATION: Pick<Conversation, 'wake'> = { wake: () => done.push('woken') }

function Page({ live }: { readonly live: boolean }): ReactNode {
  // Nothing else of the driver is used here.
  usePresence(CONVERSATION as Conversation, live)
  return null
}

async function visibility(state: DocumentVisibilityState): Promise<void> {
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(state)
  await act(async () => Promise.resolve(void document.dispatchEvent(new Event('visibilitychange'))))
}

describe('while a call lives', () => {
  it('the screen stays on, and no longer than that', async () => {
    const { rerender } = render(<Page live={false} />)
    expect(done).toEqual([])
    await act(async () => Promise.resolve(rerender(<Page live />)))
    expect(done).toEqual(['woken', 'screen held'])
    await act(async () => Promise.resolve(rerender(<Page live={false} />)))
    expect(done.at(-1)).toBe('released')
    await visibility('visible')
    expect(done.at(-1)).toBe('released')
  })

  it('a page that comes back from the background wakes its sound and holds the screen again', async () => {
    render(<Page live />)
    await visibility('hidden')
    expect(done).toEqual(['woken', 'screen held'])
    await visibility('visible')
    expect(done.slice(2)).toEqual(['woken', 'screen held', 'released'])
  })

  it('goes on where the screen cannot be held', async () => {
    offered = false
    const { unmount } = render(<Page live />)
    await visibility('visible')
    unmount()
    expect(done.filter((what) => what === 'released')).toEqual([])
  })
})
