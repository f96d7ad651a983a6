import { type ReactNode, useState } from 'react'

import { VoiceSessionViewer } from '../voice/voice-session-viewer.tsx'
import { STORIES, type Story, storyNamed } from './stories.ts'
import { storySession } from './story-session.ts'

/** `?story=speaking` shows that state as the whole page; without it, all of them beside a list, as in another application. */
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

function Shown({ story, fill }: { readonly story: Story; readonly fill: 'window' | 'container' }): ReactNode {
  const [session] = useState(() => storySession(story))
  return <VoiceSessionViewer session={session} fill={fill} />
}
