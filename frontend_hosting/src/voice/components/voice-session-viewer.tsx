import { type ReactNode, useEffect, useRef } from 'react'

import { Button } from '../../ui/button.tsx'
import { CloseIcon } from '../../ui/icons.tsx'
import type { Conversation } from '../conversation.ts'
import type { Problem } from '../problems.ts'
import type { Options } from '../service.ts'
import { gateOf, isOver, phaseOf, type VoiceState } from '../session.ts'
import type { VoiceStore } from '../store.ts'
import { strings } from '../strings.ts'
import { useVoice } from '../use-voice.ts'
import { CallControls } from './call-controls.tsx'
import { CallSummary } from './call-summary.tsx'
import { Captions } from './captions.tsx'
import { Composer } from './composer.tsx'
import { ConnectionPill } from './connection-pill.tsx'
import { Orb } from './orb.tsx'
import { ProblemCard } from './problem-card.tsx'
import { type Settings, SettingsMenu } from './settings-menu.tsx'
import { StartPanel } from './start-panel.tsx'
import { StatusLine } from './status-line.tsx'
import { Transcript } from './transcript.tsx'
import { useChoice } from './use-choice.ts'
import { useOptions } from './use-options.ts'
import { usePresence } from './use-presence.ts'
import { useShortcuts } from './use-shortcuts.ts'

type Props = {
  readonly store: VoiceStore
  readonly conversation: Conversation
  readonly fetchOptions: () => Promise<Options | Problem>
  readonly settings: Settings
  readonly dark: boolean
  readonly onSettings: (settings: Settings) => void
  /** Stands in the header: who is signed in, and the way out. */
  readonly account?: ReactNode
  /** Stands below the problem that one must sign in again: the way back in. */
  readonly signInAgain?: ReactNode
}

const DEFAULT_TEXT_CHARS = 1000

/** The whole screen of a voice call, from before it starts until after it has ended. */
export function VoiceSessionViewer({ store, conversation, fetchOptions, settings, dark, onSettings, account, signInAgain }: Props): ReactNode {
  const state = useVoice(store)
  const { call, thread } = state
  const over = isOver(call)
  const phase = phaseOf(state)
  const showThread = !over || thread.length > 0
  const mainRef = useFocusKept(over)
  useShortcuts(conversation, settings.shortcuts && call.status === 'live')
  usePresence(conversation, call.status === 'live')

  return (
    <div className="flex min-h-dvh flex-col bg-paper text-ink lg:h-dvh lg:min-h-[40rem]">
      <header className="flex items-center gap-2 px-4 sm:gap-3 pt-3 sm:px-6">
        <h1 className="mr-auto min-w-0 truncate font-serif text-xl font-medium tracking-tight">{strings.product}</h1>
        {call.status === 'idle' ? null : <ConnectionPill state={state} />}
        <div className="flex shrink-0 items-center">
          <SettingsMenu settings={settings} onChange={onSettings} />
          {account}
        </div>
      </header>
      <main
        ref={mainRef}
        tabIndex={-1}
        data-phase={phase}
        className={`grid flex-1 outline-none ${showThread ? GRID : 'grid-cols-1 place-items-center'} ${over ? '' : HELD}`}
      >
        <div className={`flex w-full flex-col items-center justify-center px-4 ${showThread ? STAGE : 'gap-5 py-4'}`}>
          <div className={`shrink-0 ${orbHeight(over, showThread, call.status === 'idle')}`}>
            <Orb phase={phase} closed={gateOf(state) === 'closed'} dark={dark} meters={conversation.meters} />
          </div>
          {call.status === 'idle' ? <Welcome /> : <StatusLine state={state} />}
          {call.status === 'live' ? <div className="mt-1 hidden min-h-30 w-full justify-center lg:flex"><Captions state={state} /></div> : null}
          {call.status === 'reconnecting' ? <p className="max-w-sm text-center text-soft">{strings.retryIn}</p> : null}
          {!over && state.complaint ? <Complaint text={state.complaint.message} onDismiss={() => conversation.dismissComplaint()} /> : null}
        </div>
        <div className={showThread ? 'px-4 py-4 [grid-area:controls] lg:pb-8' : 'w-full px-4 pb-10'}>
          {over ? (
            <Before conversation={conversation} state={state} fetchOptions={fetchOptions} signInAgain={signInAgain} />
          ) : (
            <During state={state} conversation={conversation} shortcuts={settings.shortcuts} />
          )}
        </div>
        {showThread ? (
          <section
            aria-label={strings.thread}
            className="mx-4 flex h-80 min-h-0 flex-col overflow-hidden rounded-3xl border border-line bg-surface [grid-area:thread] max-lg:h-auto max-lg:min-h-72 lg:mx-0 lg:mt-2 lg:mr-6 lg:mb-6 lg:h-auto"
          >
            <Transcript thread={thread} announce={settings.announce} />
            {over ? null : (
              <Composer
                disabled={call.status !== 'live'}
                maxLength={call.status === 'live' ? call.ready.limits.textChars : DEFAULT_TEXT_CHARS}
                onSend={(text) => conversation.say(text)}
              />
            )}
          </section>
        ) : null}
      </main>
    </div>
  )
}

/** Phone: stage, thread, controls. Desk: the thread stands beside the other two. */
const GRID =
  "[grid-template:'stage'_auto_'thread'_minmax(18rem,1fr)_'controls'_auto/minmax(0,1fr)] lg:min-h-0 lg:[grid-template:'stage_thread'_minmax(auto,1fr)_'controls_thread'_auto/minmax(0,1fr)_26rem]"
/** During a call the page is as high as the window and the thread scrolls. */
const HELD = 'max-lg:h-[calc(100dvh-3.5rem)] max-lg:min-h-[36rem] max-lg:flex-none'
const STAGE = 'gap-2 pb-3 [grid-area:stage] lg:gap-3'

function orbHeight(over: boolean, showThread: boolean, welcome: boolean): string {
  if (welcome) return 'h-60 sm:h-[min(36vh,21rem)]'
  if (!showThread) return 'h-40 sm:h-44'
  return over ? 'h-32 lg:h-[min(24vh,14rem)]' : 'h-44 sm:h-56 lg:h-[min(46vh,26rem)]'
}

function Welcome(): ReactNode {
  return (
    <div className="flex flex-col items-center gap-3 text-center">
      <p className="font-serif text-5xl leading-none tracking-tight sm:text-6xl">{strings.lead}</p>
      <p className="max-w-md text-lg text-balance text-soft">{strings.leadText}</p>
    </div>
  )
}

type BeforeProps = Pick<Props, 'conversation' | 'fetchOptions' | 'signInAgain'> & { readonly state: VoiceState }

/** Before a call, and after one: choices, problems, the start button. */
function Before({ conversation, state, fetchOptions, signInAgain }: BeforeProps): ReactNode {
  const { options, problem: optionsProblem, reload } = useOptions(fetchOptions)
  const [choice, choose] = useChoice(options)
  const { call } = state
  const problem = call.status === 'failed' ? call.problem : optionsProblem
  return (
    <div className="flex flex-col items-center gap-5">
      {problem ? <ProblemCard problem={problem} /> : null}
      {problem?.code === 'signInRequired' ? signInAgain : null}
      {problem && problem === optionsProblem ? <Button onClick={reload}>{strings.retryOptions}</Button> : null}
      {call.status === 'idle' ? null : <CallSummary state={state} />}
      <StartPanel
        options={options}
        choice={choice}
        again={call.status !== 'idle'}
        problem={problem}
        onChoose={choose}
        onStart={(how) => void conversation.start(choice, how)}
      />
    </div>
  )
}

type DuringProps = { readonly state: VoiceState; readonly conversation: Conversation; readonly shortcuts: boolean }

function During({ state, conversation, shortcuts }: DuringProps): ReactNode {
  if (state.call.status === 'live') return <CallControls state={state} conversation={conversation} shortcuts={shortcuts} />
  return (
    <div className="flex justify-center">
      <Button onClick={() => conversation.end()}>{strings.cancel}</Button>
    </div>
  )
}

type ComplaintProps = { readonly text: string; readonly onDismiss: () => void }

function Complaint({ text, onDismiss }: ComplaintProps): ReactNode {
  return (
    <div role="alert" className="flex max-w-md items-center gap-2 rounded-2xl border border-warn/50 bg-surface py-1 pr-1 pl-4 text-[0.9375rem]">
      <p className="flex-1 py-2">{text}</p>
      <button type="button" aria-label={strings.dismiss} onClick={onDismiss} className="flex h-11 w-11 items-center justify-center rounded-full text-soft hover:text-ink">
        <CloseIcon />
      </button>
    </div>
  )
}

/** The button that was pressed leaves the page with its panel; focus goes to the new panel's beginning, not astray. */
function useFocusKept(over: boolean): React.RefObject<HTMLElement | null> {
  const mainRef = useRef<HTMLElement>(null)
  const wasOver = useRef(over)
  useEffect(() => {
    if (wasOver.current === over) return
    wasOver.current = over
    const { activeElement, body } = globalThis.document
    if (activeElement === null || activeElement === body) mainRef.current?.focus({ preventScroll: true })
  }, [over])
  return mainRef
}
