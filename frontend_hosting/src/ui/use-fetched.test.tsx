// @vitest-environment happy-dom

import { act, cleanup, renderHook, waitFor } from '@testing-library/react'
import { afterEach, expect, it } from 'vitest'

import { useFetched } from './use-fetched.ts'

afterEach(cleanup)

it('fetches when it is wanted, and once', async () => {
  let asked = 0
  const fetchPart = async (): Promise<string> => `part ${++asked}`
  const { result, rerender } = renderHook(({ wanted }) => useFetched(fetchPart, wanted), { initialProps: { wanted: false } })
  expect([result.current.status, asked]).toEqual(['fetching', 0])
  rerender({ wanted: true })
  await waitFor(() => expect(result.current).toEqual({ status: 'there', part: 'part 1' }))
  rerender({ wanted: false })
  rerender({ wanted: true })
  expect([result.current.status, asked]).toEqual(['there', 1])
})

it('asks again after a failure when it is told to, and not before', async () => {
  let asked = 0
  const fetchPart = async (): Promise<string> => {
    asked++
    if (asked === 1) throw new TypeError('Failed to fetch dynamically imported module')
    return 'part'
  }
  const { result } = renderHook(() => useFetched(fetchPart, true))
  await waitFor(() => expect(result.current.status).toBe('failed'))
  expect(asked).toBe(1)
  const { current } = result
  if (current.status !== 'failed') expect.fail('it did not fail')
  act(() => current.retry())
  await waitFor(() => expect(result.current).toEqual({ status: 'there', part: 'part' }))
})
