// What the stories remember, or why they do not.

import { type Archive, ArchiveError } from '../voice/past/archive.ts'
import { conversationOf, MemoryArchive } from '../voice/past/memory-archive.ts'

export type ArchiveStory = 'full' | 'empty' | 'loading' | 'unreachable' | 'unavailable' | 'notKept' | 'signedOut'

/** Days ago at this time of the day, so that "today" and "yesterday" are always there. */
const at = (days: number, hour: number, minute: number): number => {
  const day = new Date()
  day.setDate(day.getDate() - days)
  return day.setHours(hour, minute, 0, 0)
}

const REST = [
  'Words for a toast at Ana’s wedding', 'Why do tides come twice a day?', 'A week of dinners without a stove', 'Explain compound interest with bread',
  'Practise the interview at the clinic', 'Names for a small grey cat', 'Which bus goes to the lake?',
] as const

const CONVERSATIONS = [
  conversationOf('s1', 'What will the weather be like this weekend?', at(0, 0, 1), [
    ['What will the weather be like this weekend?', 'Saturday stays dry and mild, with some sun after noon. Rain comes in from the west on Sunday morning.'],
    ['So when should we go for a walk?', 'Go on Saturday, ideally between one and five.'],
  ]),
  conversationOf('s2', 'How do I say “Where is the station?” in Portuguese', at(1, 18, 40), [
    ['How do I say “Where is the station?” in Portuguese?', 'You say: onde fica a estação? The stress is on the last syllable of estação.'],
  ]),
  conversationOf('s3', null, at(1, 9, 5), [['Can you hear me?', 'I can hear you well.']]),
  ...REST.map((title, index) => conversationOf(`r${index}`, title, at(3 + index, 16, 20), [[title, 'Let us begin with the simplest part of it.']])),
]

const never = (): Promise<never> => new Promise(() => undefined)
const refuses = (error: ArchiveError): Archive => {
  const fails = async (): Promise<never> => {
    throw error
  }
  return { list: fails, read: fails, rename: fails, remove: fails, forget: fails }
}

export function storyArchive(story: ArchiveStory): Archive {
  switch (story) {
    case 'full':
      return new MemoryArchive(CONVERSATIONS, 8)
    case 'empty':
      return new MemoryArchive([])
    case 'loading':
      return { list: never, read: never, rename: never, remove: never, forget: never }
    case 'unreachable':
      return refuses(new ArchiveError('serviceUnreachable'))
    case 'unavailable':
      return refuses(new ArchiveError('serviceRefused', 'history_unavailable'))
    case 'notKept':
      return refuses(new ArchiveError('historyNotKept'))
    case 'signedOut':
      return refuses(new ArchiveError('signInRequired'))
    default:
      return story satisfies never
  }
}
