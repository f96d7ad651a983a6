import { type ReactNode, useEffect, useRef } from 'react'

import { Button } from '../../ui/button.tsx'
import type { Choice, Conversation } from '../conversation.ts'
import type { Problem } from '../problems.ts'
import type { Options } from '../service.ts'
import { gateOf, isOver, phaseOf, type VoiceState } from '../call-state.ts'
import type { Patience } from '../sound.ts'
import type { VoiceStore } from '../store.ts'
import { useWords } from '../words/use-words.ts'
import { useVoice } from '../use-voice.ts'
import type { Archive } from '../past/archive.ts'
import { PastMenu } from '../past/past-menu.tsx'
import { CallControls } from './call-controls.tsx'
import { CallSummary } from './call-summary.tsx'
import { Captions } from './captions.tsx'
import { Composer } from './composer.tsx'
import { ConnectionPill } from './connection-pill.tsx'
import { DetailsMenu } from './details-menu.tsx'
import { Complaint, Farewell, NoticeCard } from './notice-card.tsx'
import { Orb } from './orb.tsx'
import { ProblemCard } from './problem-card.tsx'
import { type Settings, SettingsMenu } from './settings-menu.tsx'
import { SoundMenu } from './sound-menu.tsx'
import { StartPanel } from './start-panel.tsx'
import { StatusLine } from './status-line.tsx'
import { ThreadTools } from './thread-tools.tsx'
import { Transcript } from './transcript.tsx'
import { useChoice } from './use-choice.ts'
import { useCues } from './use-cues.ts'
import { type Offered, useOptions } from './use-options.ts'
import { usePresence } from './use-presence.ts'
import { useShortcuts } from './use-shortcuts.ts'
import { useSound } from './use-sound.ts'

type Props = {
  readonly store: VoiceStore
  readonly conversation: Conversation
  readonly fetchOptions: () => Promise<Options | Problem>
  readonly archive: Archive
  readonly settings: Settings
  readonly dark: boolean
  /** In another page that page has the main landmark and the first heading. */
  readonly isPage: boolean
  readonly onSettings: (settings: Settings) => void
  /** Stands in the header: who is signed in, and the way out. */
  readonly account?: ReactNode
  /** Stands below the problem that one must sign in again: the way back in. */
  readonly signInAgain?: ReactNode
}

const DEFAULT_TEXT_CHARS = 1000

/** The whole screen of a voice call, from before it starts until after it has ended. */
export function CallScreen({ store, conversation, fetchOptions, archive, settings, dark, isPage, onSettings, account, signInAgain }: Props): ReactNode {
  const words = useWords()
  const state = useVoice(store)
  const { call, thread } = state
  const over = isOver(call)
  const Heading = isPage ? 'h1' : 'h2'
  const Main = isPage ? 'main' : 'div'
  const phase = phaseOf(state)
  const showThread = !over || thread.length > 0
  const mainRef = useFocusKept(over)
  const offered = useOptions(fetchOptions, over)
  const [choice, choose] = useChoice(offered.options)
  const [sound, setSound] = useSound(conversation)
  useCues(phase, settings.cues, sound)
  useShortcuts(conversation, settings.shortcuts && call.status === 'live')
  usePresence(conversation, call.status === 'live')

  return (
    <div className="flex min-h-(--viewer-height) flex-col bg-paper text-ink @5xl:h-(--viewer-height) @5xl:min-h-[40rem]">
      <header className="flex items-center gap-1 px-4 pt-3 @[40rem]:gap-3 @[40rem]:px-6">
        {/* A phone has no room for both the name and the state of the line, which matters while there is one. */}
        <div className={over ? 'mr-auto min-w-0' : '@[40rem]:mr-auto'}>
          <Heading className={`truncate font-serif text-xl font-medium tracking-tight ${over ? '' : 'sr-only @[40rem]:not-sr-only'}`}>
            {words.product}
          </Heading>
        </div>
        {call.status === 'idle' ? null : <div className={over ? 'hidden @[40rem]:block' : 'mr-auto min-w-0 @[40rem]:mr-0'}><ConnectionPill state={state} /></div>}
        <div className="flex shrink-0 items-center forced-colors:gap-1">
          {over ? (
            <PastMenu
              archive={archive}
              signInAgain={signInAgain}
              onContinue={(past) => void conversation.start(choice, { past })}
              onForgotten={(conversationId) => conversation.forget(conversationId)}
            />
          ) : null}
          <DetailsMenu state={state} conversation={conversation} />
          <SoundMenu sound={sound} onChange={setSound} patience={patienceOf(state, offered.options)} live={call.status === 'live'} meters={conversation.meters} />
          <SettingsMenu settings={settings} onChange={onSettings} />
          {account}
        </div>
      </header>
      <Main
        ref={mainRef}
        tabIndex={-1}
        data-phase={phase}
        className={`grid flex-1 outline-none ${showThread ? `${GRID} ${over ? AFTER : DURING}` : 'grid-cols-1 place-items-center'} ${over ? '' : HELD}`}
      >
        <div className={`flex w-full flex-col items-center px-4 ${showThread ? STAGE : 'gap-5 py-4'} ${over && showThread ? 'justify-end' : 'justify-center'}`}>
          {/* What must be read has its room first. */}
          <div className={`min-h-24 shrink ${orbHeight(over, showThread, call.status === 'idle')}`}>
            <Orb phase={phase} closed={gateOf(state) === 'closed'} dark={dark} meters={conversation.meters} />
          </div>
          {call.status === 'idle' ? <Welcome /> : <StatusLine state={state} />}
          {call.status === 'live' ? <div className="mt-1 hidden min-h-30 w-full shrink-0 justify-center @5xl:flex"><Captions state={state} meters={conversation.meters} /></div> : null}
          {call.status === 'reconnecting' ? <p className="max-w-sm text-center text-soft">{words.retryIn}</p> : null}
          {!over && state.notice ? <NoticeCard notice={state.notice} handsFree={state.input.mode === 'handsFree'} conversation={conversation} /> : null}
          {call.status === 'live' && (call.leaving === 'max_duration' || call.leaving === 'budget') ? <Farewell leaving={call.leaving} /> : null}
          {!over && state.complaint ? <Complaint error={state.complaint} onDismiss={() => conversation.dismissComplaint()} /> : null}
        </div>
        <div className={showThread ? 'px-4 py-4 [grid-area:controls] sideways:py-1 @5xl:pb-8' : 'w-full px-4 pb-10'}>
          {over ? (
            <Before conversation={conversation} state={state} offered={offered} choice={choice} onChoose={choose} signInAgain={signInAgain} />
          ) : (
            <During state={state} conversation={conversation} shortcuts={settings.shortcuts} />
          )}
        </div>
        {showThread ? (
          <section
            aria-label={words.thread}
            className="mx-4 flex h-80 min-h-0 flex-col overflow-hidden rounded-3xl border border-line bg-surface [grid-area:thread] @max-5xl:h-auto @max-5xl:min-h-72 @max-5xl:mb-4 sideways:@max-5xl:@[40rem]:mb-3 sideways:@max-5xl:@[40rem]:ml-0 sideways:@max-5xl:@[40rem]:min-h-48! @5xl:mx-0 @5xl:mt-2 @5xl:mr-6 @5xl:mb-6 @5xl:h-auto"
          >
            <ThreadTools state={state} />
            <Transcript thread={thread} announce={settings.announce} language={state.language} meters={conversation.meters} />
            {over ? null : (
              <Composer
                disabled={call.status !== 'live'}
                maxLength={call.status === 'live' ? call.ready.limits.textChars : DEFAULT_TEXT_CHARS}
                onSend={(text) => conversation.say(text)}
              />
            )}
          </section>
        ) : null}
      </Main>
    </div>
  )
}

const DEFAULT_PATIENCE: Patience = { silenceThresholdMs: 1500, watchdogMs: 2000 }

/** How long the service lets a user pause: as the call says, else as its options do. */
function patienceOf({ call }: VoiceState, options: Options | null): Patience {
  return call.status === 'live' ? call.ready : (options?.patience ?? DEFAULT_PATIENCE)
}

/** Phone: stage, thread, controls. Desk, and a phone held sideways: the thread stands beside the other two. */
const GRID =
  "[grid-template:'stage'_auto_'thread'_minmax(18rem,1fr)_'controls'_auto/minmax(0,1fr)] @5xl:min-h-0"
const DURING =
  "@5xl:[grid-template:'stage_thread'_minmax(0,1fr)_'controls_thread'_auto/minmax(0,1fr)_26rem] sideways:@max-5xl:@[40rem]:[grid-template:'stage_thread'_minmax(0,1fr)_'controls_thread'_auto/minmax(0,1fr)_minmax(0,1fr)]"
/** What is wrong, and the start button, stand close below the stage; on a phone the thread comes last. */
const AFTER =
  "@max-5xl:[grid-template:'stage'_auto_'controls'_auto_'thread'_minmax(18rem,1fr)/minmax(0,1fr)] @5xl:[grid-template:'stage_thread'_minmax(10rem,2fr)_'controls_thread'_minmax(auto,3fr)/minmax(0,1fr)_26rem]"
/** During a call the page is as high as the window and the thread scrolls. */
const HELD = '@max-5xl:h-[calc(var(--viewer-height)-3.5rem)] @max-5xl:min-h-[36rem] @max-5xl:flex-none sideways:@max-5xl:@[40rem]:min-h-0!'
const STAGE = 'min-h-0 gap-2 pb-3 [grid-area:stage] @5xl:gap-3'

function orbHeight(over: boolean, showThread: boolean, welcome: boolean): string {
  // What one agrees to stands below it, and is to be seen.
  if (welcome) return 'h-60 @[40rem]:h-[clamp(8rem,calc(var(--viewer-height)-32rem),21rem)]'
  if (!showThread) return 'h-40 @[40rem]:h-44'
  return over ? 'h-32 @5xl:h-[min(24vh,14rem)]' : 'h-44 @[40rem]:h-56 @5xl:h-[min(46vh,26rem)]'
}

function Welcome(): ReactNode {
  const words = useWords()
  return (
    <div className="flex flex-col items-center gap-3 text-center">
      <p className="font-serif text-5xl leading-none tracking-tight @[40rem]:text-6xl">{words.lead}</p>
      <p className="max-w-md text-lg text-balance text-soft">{words.leadText}</p>
    </div>
  )
}

type BeforeProps = Pick<Props, 'conversation' | 'signInAgain'> & { readonly state: VoiceState; readonly offered: Offered; readonly choice: Choice | null; readonly onChoose: (choice: Choice) => void }

/** Before a call, and after one: choices, problems, the start button. */
function Before({ conversation, state, offered, choice, onChoose, signInAgain }: BeforeProps): ReactNode {
  const words = useWords()
  const { options, problem: optionsProblem, reload } = offered
  const { call } = state
  const problem = call.status === 'failed' ? call.problem : optionsProblem
  // Starting would only end here again. A host that offers no way in keeps the button.
  const mustSignIn = problem?.code === 'signInRequired' && signInAgain !== undefined && signInAgain !== null
  return (
    <div className="flex flex-col items-center gap-5">
      {problem ? <ProblemCard problem={problem} /> : null}
      {mustSignIn ? signInAgain : null}
      {problem && problem === optionsProblem ? <Button onClick={reload}>{words.retryOptions}</Button> : null}
      {call.status === 'idle' ? null : <CallSummary state={state} />}
      {mustSignIn ? null : (
        <StartPanel
          options={options}
          choice={choice}
          again={call.status !== 'idle'}
          problem={problem}
          onChoose={onChoose}
          onStart={(how) => void conversation.start(choice, how)}
        />
      )}
    </div>
  )
}

type DuringProps = { readonly state: VoiceState; readonly conversation: Conversation; readonly shortcuts: boolean }

function During({ state, conversation, shortcuts }: DuringProps): ReactNode {
  const words = useWords()
  if (state.call.status === 'live') return <CallControls state={state} conversation={conversation} shortcuts={shortcuts} />
  return (
    <div className="flex justify-center">
      <Button onClick={() => conversation.end()}>{words.cancel}</Button>
    </div>
  )
}

/** The button that was pressed leaves the page with its panel; focus goes to the new panel's beginning, not astray. */
function useFocusKept(over: boolean): React.RefObject<(HTMLElement & HTMLDivElement) | null> {
  const mainRef = useRef<HTMLElement & HTMLDivElement>(null)
  const wasOver = useRef(over)
  useEffect(() => {
    if (wasOver.current === over) return
    wasOver.current = over
    const { activeElement, body } = globalThis.document
    if (activeElement === null || activeElement === body) mainRef.current?.focus({ preventScroll: true })
  }, [over])
  return mainRef
}
