import { type ReactNode, useCallback, useId, useState } from 'react'

import { Button } from '../../ui/button.tsx'
import { IconButton } from '../../ui/icon-button.tsx'
import { SoundIcon } from '../../ui/icons.tsx'
import { Popover } from '../../ui/popover.tsx'
import { SelectField } from '../../ui/select-field.tsx'
import { SliderField } from '../../ui/slider-field.tsx'
import { SwitchField } from '../../ui/switch-field.tsx'
import { choosable, type Device } from '../audio/device-choice.ts'
import { canChooseSpeaker } from '../audio/devices.ts'
import { playTestSound } from '../audio/sound-check.ts'
import type { Meters } from '../meters.ts'
import { type Patience, pauseBounds, pauseFor, type SoundChoice } from '../sound.ts'
import { seconds, whole } from '../words/numbers.ts'
import { useWords } from '../words/use-words.ts'
import { LevelMeter } from './level-meter.tsx'
import { MicrophoneTest } from './microphone-test.tsx'
import { useDevices } from './use-devices.ts'

type Props = {
  readonly sound: SoundChoice
  readonly onChange: (sound: SoundChoice) => void
  readonly patience: Patience
  /** During a call the call's own microphone is shown; there is nothing to open. */
  readonly live: boolean
  readonly meters: Meters
}

/** Microphone, loudspeaker, volume, and how long a pause may be. */
export function SoundMenu(props: Props): ReactNode {
  const words = useWords()
  const id = useId()
  const [open, setOpen] = useState(false)
  return (
    <>
      <IconButton label={words.sound} popoverTarget={id}><SoundIcon /></IconButton>
      <Popover id={id} label={words.sound} onToggle={setOpen} className="w-88">
        {open ? <SoundSettings {...props} /> : null}
      </Popover>
    </>
  )
}

function SoundSettings({ sound, onChange, patience, live, meters }: Props): ReactNode {
  const words = useWords()
  const [devices, refresh] = useDevices()
  const bounds = pauseBounds(patience.watchdogMs)
  const level = useCallback(() => meters.microphone, [meters])
  const pauseMs = pauseFor(sound.pauseMs, patience)
  return (
    <div className="flex flex-col gap-4">
      <div className="flex">
        <DevicePicker
          label={words.microphone} devices={devices.microphones} chosen={sound.microphoneId}
          onChoose={(microphoneId) => onChange({ ...sound, microphoneId })}
        />
      </div>
      {live ? <LevelMeter level={level} /> : <MicrophoneTest microphoneId={sound.microphoneId} onPermitted={refresh} />}
      {canChooseSpeaker() ? (
        <div className="flex">
          <DevicePicker
            label={words.speaker} devices={devices.speakers} chosen={sound.speakerId}
            onChoose={(speakerId) => onChange({ ...sound, speakerId })}
          />
        </div>
      ) : (
        <p className="text-sm text-soft">{words.speakerBySystem}</p>
      )}
      <SliderField
        label={words.volume} value={Math.round(sound.volume * 100)} least={0} most={100} step={5}
        shown={words.percent(whole(sound.volume * 100, words.locale))}
        onChange={(percent) => onChange({ ...sound, volume: percent / 100 })}
      />
      <Button onClick={() => void playTestSound(sound.speakerId, sound.volume)}>{words.testSpeaker}</Button>
      <SliderField
        label={words.pause} hint={words.pauseHint} value={pauseMs} least={bounds.leastMs} most={bounds.mostMs} step={bounds.stepMs}
        shown={words.spanSeconds(seconds(pauseMs, words.locale))}
        onChange={(next) => onChange({ ...sound, pauseMs: next })}
      />
      <SwitchField
        label={words.detector} hint={words.detectorHint} checked={sound.detector === 'network'}
        onChange={(network) => onChange({ ...sound, detector: network ? 'network' : 'level' })}
      />
    </div>
  )
}

type PickerProps = {
  readonly label: string
  readonly devices: readonly Device[]
  readonly chosen: string | null
  readonly onChoose: (id: string | null) => void
}

/** One that was chosen and is not plugged in shows as the system's, which is what would be used. */
function DevicePicker({ label, devices, chosen, onChoose }: PickerProps): ReactNode {
  const words = useWords()
  const offered = choosable(devices)
  return (
    <SelectField
      label={label}
      value={offered.some(({ id }) => id === chosen) ? (chosen ?? '') : ''}
      choices={[
        { value: '', label: words.systemDevice },
        ...offered.map((device, index) => ({ value: device.id, label: device.label || words.unnamedDevice(String(index + 1)) })),
      ]}
      onChange={(id) => onChoose(id === '' ? null : id)}
    />
  )
}
