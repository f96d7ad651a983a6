import { type ReactNode, useState } from 'react'

import { SignInAgainButton, SignOutButton } from '../auth/account.tsx'
import { SignInPage } from '../auth/sign-in-page.tsx'
import { VoiceSessionViewer } from '../voice/voice-session-viewer.tsx'
import { SIGN_IN_STORIES, type SignInStory } from './sign-in-stories.ts'
import { STORIES, type Story } from './stories.ts'
import { storySession } from './story-session.ts'

type Any = Story | SignInStory

/** `?story=speaking` shows that state as the whole page; without it, all of the call's beside a list, as in another application. */
export function StoryPage({ search }: { readonly search: string }): ReactNode {
  const asked = new URLSearchParams(search).get('story')
  const [story, setStory] = useState(() => storyNamed(asked))
  if (asked !== null) return <Shown story={story} fill="window" />
  return (
    <div className="grid h-dvh grid-cols-[16rem_minmax(0,1fr)] bg-line text-ink">
      <nav aria-label="States" className="overflow-y-auto bg-surface p-4">
        <h1 className="mb-3 font-semibold">Every state</h1>
        <ul>
          {STORIES.map((known) => (
            <li key={known.name}>
              <button
                type="button"
                aria-current={known === story}
                onClick={() => setStory(known)}
                className="min-h-11 w-full rounded-xl px-3 text-left text-[0.9375rem] hover:bg-raised aria-[current=true]:bg-ink aria-[current=true]:text-paper"
              >
                {known.name}
              </button>
            </li>
          ))}
        </ul>
      </nav>
      <main className="m-6 min-h-0 overflow-hidden rounded-3xl border border-edge">
        <Shown key={story.name} story={story} fill="container" />
      </main>
    </div>
  )
}

function storyNamed(name: string | null): Any {
  const all: readonly [Any, ...Any[]] = [...STORIES, ...SIGN_IN_STORIES]
  return all.find((known) => known.name === name) ?? all[0]
}

type ShownProps<T extends Any> = { readonly story: T; readonly fill: 'window' | 'container' }

function Shown({ story, fill }: ShownProps<Any>): ReactNode {
  return 'screen' in story ? <SignInPage {...story.screen} onAct={nothing} /> : <Call story={story} fill={fill} />
}

function Call({ story, fill }: ShownProps<Story>): ReactNode {
  const [session] = useState(() => storySession(story))
  return (
    <VoiceSessionViewer
      session={session}
      fill={fill}
      account={fill === 'window' ? <SignOutButton email="demo@example.com" onSignOut={nothing} /> : null}
      signInAgain={<SignInAgainButton begin={nothing} problem={null} busy={false} />}
    />
  )
}

function nothing(): void {
  // A story does nothing.
}
