// A choice that outlives the page. Storage may be forbidden; then the choice lives as long as the page.

import { useCallback, useState } from 'react'

export function readStored<T extends string>(key: string, known: (value: string) => value is T, otherwise: T): T {
  try {
    const value = globalThis.localStorage.getItem(key)
    return value !== null && known(value) ? value : otherwise
  } catch {
    return otherwise
  }
}

export function writeStored(key: string, value: string): void {
  try {
    globalThis.localStorage.setItem(key, value)
  } catch {
    // A private window without storage: nothing is lost but the memory of the choice.
  }
}

export function useStored<T extends string>(
  key: string,
  known: (value: string) => value is T,
  otherwise: T,
): readonly [T, (value: T) => void] {
  const [value, setValue] = useState(() => readStored(key, known, otherwise))
  const set = useCallback(
    (next: T) => {
      writeStored(key, next)
      setValue(next)
    },
    [key],
  )
  return [value, set]
}

export type Switch = 'on' | 'off'
export const isSwitch = (value: string): value is Switch => value === 'on' || value === 'off'
