import { useCallback, useEffect, useState } from 'react'

import { browserDevices, type DeviceList } from '../audio/devices.ts'
import type { Devices } from '../audio/device-choice.ts'

const NONE: Devices = { microphones: [], speakers: [] }

/** What is plugged in now; `refresh` when a permission may have given the devices their names. */
export function useDevices(devices: DeviceList = browserDevices): readonly [Devices, () => void] {
  const [there, setThere] = useState(NONE)
  const refresh = useCallback(() => void devices.list().then(setThere), [devices])
  useEffect(() => {
    refresh()
    return devices.watch(refresh)
  }, [devices, refresh])
  return [there, refresh]
}
