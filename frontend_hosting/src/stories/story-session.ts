import { Conversation } from '../voice/conversation.ts'
import type { Options } from '../voice/service.ts'
import { createVoiceStore } from '../voice/store.ts'
import type { VoiceSession } from '../voice/voice-session.ts'
import type { Story } from './stories.ts'
import { storyArchive } from './story-archive.ts'

const OPTIONS: Options = {
  model: 'amazon.nova-2-sonic-v1:0',
  languages: [
    { code: 'en-US', name: 'English (United States)', voices: [{ id: 'tiffany', name: 'Tiffany' }, { id: 'matthew', name: 'Matthew' }] },
    { code: 'es-US', name: 'Spanish (United States)', voices: [{ id: 'lupe', name: 'Lupe' }, { id: 'carlos', name: 'Carlos' }] },
  ],
  defaults: { language: 'en-US', voice: 'tiffany' },
  patience: { silenceThresholdMs: 1500, watchdogMs: 2000 },
}

/** A session that has come to a story's state and stays there: no microphone, no socket, no service. */
export function storySession({ events, microphone, assistant, positionMs, archive = 'full' }: Story): VoiceSession {
  const store = createVoiceStore()
  const conversation = new Conversation(store, {
    openAudio: never,
    openSocket: () => ({ connect: nothing, open: nothing, send: nothing, close: nothing, dispose: nothing }),
    getTicket: never,
    devices: { list: never, watch: () => nothing },
    diagnose: never,
    now: () => Date.now(),
    random: () => 0.5,
  })
  for (const event of events) {
    store.dispatch(event)
    const atMs = 'atMs' in event ? event.atMs : Date.UTC(2026, 10, 23, 9, 30)
    if (event.type === 'messageReceived') conversation.log.add('service', event.message, atMs)
    else conversation.log.add('page', event, atMs)
  }
  conversation.meters.microphone = microphone
  conversation.meters.assistant = assistant
  // An instant that does not come: what is heard stands still.
  if (positionMs !== null) conversation.meters.playout = { responseId: 1, positionMs, arrivedMs: 6900, atMs: Number.MAX_SAFE_INTEGER }
  return { store, conversation, fetchOptions: () => Promise.resolve(OPTIONS), archive: storyArchive(archive) }
}

function never(): Promise<never> {
  return new Promise(() => undefined)
}

function nothing(): void {
  // A story does nothing.
}
