import { useCallback, useEffect, useState } from 'react'

import { readStored, writeStored } from '../../ui/stored.ts'
import type { Conversation } from '../conversation.ts'
import { parseSound, type SoundChoice } from '../sound.ts'

const KEY = 'voice.sound'
const isAny = (_value: string): _value is string => true

/** Devices, volume and pause, remembered, and known to the conversation. */
export function useSound(conversation: Conversation): readonly [SoundChoice, (sound: SoundChoice) => void] {
  const [sound, setSound] = useState(() => parseSound(readStored(KEY, isAny, '')))
  useEffect(() => {
    conversation.setSound(sound)
  }, [conversation, sound])
  const choose = useCallback((next: SoundChoice) => {
    writeStored(KEY, JSON.stringify(next))
    setSound(next)
  }, [])
  return [sound, choose]
}
