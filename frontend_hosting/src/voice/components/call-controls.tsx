import { type ReactNode, useRef } from 'react'

import { DockButton } from '../../ui/dock-button.tsx'
import { EndIcon, HoldIcon, InterruptIcon, MicrophoneIcon, MutedIcon } from '../../ui/icons.tsx'
import type { Conversation } from '../conversation.ts'
import { phaseOf, type VoiceState } from '../call-state.ts'
import { useWords } from '../words/use-words.ts'

type Props = {
  readonly state: VoiceState
  readonly conversation: Conversation
  readonly shortcuts: boolean
}

/** Mute or hold to talk, the mode, interrupt, end. */
export function CallControls({ state, conversation, shortcuts }: Props): ReactNode {
  const words = useWords()
  const { input } = state
  const key = (name: string): string | undefined => (shortcuts ? name : undefined)
  const phase = phaseOf(state)
  return (
    <div role="toolbar" aria-label={words.controls} className="flex items-start justify-center gap-3 @[40rem]:gap-5">
      {input.mode === 'handsFree' ? (
        <DockButton
          icon={input.muted ? <MutedIcon /> : <MicrophoneIcon />}
          label={words.mute}
          aria-pressed={input.muted}
          tone={input.muted ? 'on' : 'neutral'}
          shortcut={key('M')}
          onClick={() => conversation.toggleMute()}
        />
      ) : null}
      {input.mode === 'pushToTalk' ? <TalkButton held={input.held} conversation={conversation} shortcut={key('Space')} /> : null}
      {input.mode === 'typing' ? null : (
        <DockButton
          icon={<HoldIcon />}
          label={words.pushToTalk}
          aria-pressed={input.mode === 'pushToTalk'}
          tone={input.mode === 'pushToTalk' ? 'on' : 'neutral'}
          onClick={() => conversation.toggleMode()}
        />
      )}
      <DockButton
        icon={<InterruptIcon />}
        label={words.interrupt}
        shortcut={key('Esc')}
        // Not `disabled`: focus would be lost each time the assistant falls silent.
        aria-disabled={phase !== 'speaking' && phase !== 'thinking'}
        onClick={() => conversation.interrupt()}
        className="aria-disabled:text-soft"
      />
      <DockButton icon={<EndIcon />} label={words.end} tone="danger" onClick={() => conversation.end()} />
    </div>
  )
}

/** Shorter than this is a tap, and a tap keeps talking until the next: not every hand can hold. */
const TAP_MS = 300

type TalkProps = { readonly held: boolean; readonly conversation: Conversation; readonly shortcut: string | undefined }

function TalkButton({ held, conversation, shortcut }: TalkProps): ReactNode {
  const words = useWords()
  const pressedAtRef = useRef(0)
  const press = (): void => {
    pressedAtRef.current = held ? 0 : performance.now()
    conversation.hold(true)
  }
  const release = (): void => {
    if (performance.now() - pressedAtRef.current >= TAP_MS) conversation.hold(false)
  }
  return (
    <DockButton
      icon={<MicrophoneIcon />}
      label={words.hold}
      aria-pressed={held}
      tone={held ? 'talk' : 'neutral'}
      shortcut={shortcut}
      className="touch-none"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        press()
      }}
      onPointerUp={release}
      onPointerCancel={() => conversation.hold(false)}
      onKeyDown={(event) => {
        if ((event.key === ' ' || event.key === 'Enter') && !event.repeat) press()
      }}
      onKeyUp={(event) => {
        if (event.key === ' ' || event.key === 'Enter') release()
      }}
    />
  )
}
