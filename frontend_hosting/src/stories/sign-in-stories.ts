// Every state of the page before anybody is signed in.

import type { SignInProblemCode } from '../auth/problems.ts'
import type { SignInScreenProps } from '../auth/sign-in-screen.tsx'
import { en } from '../voice/words/en.ts'

export type SignInStory = { readonly name: string; readonly screen: Pick<SignInScreenProps, 'problem' | 'busy' | 'action'> }

const DETAILS: Readonly<Partial<Record<SignInProblemCode, string>>> = {
  configMissing: '/config.json: 404',
  configWrong: '/config.json: clientId is missing or not a text',
}
/** Something must be repaired before one can sign in; the others are met on the way. */
const ON_THE_WAY: ReadonlySet<SignInProblemCode> = new Set(['poolUnreachable', 'notCompleted'])

export const SIGN_IN_STORIES: readonly SignInStory[] = [
  { name: 'signed out', screen: { problem: null, busy: false, action: 'signIn' } },
  { name: 'signing in', screen: { problem: null, busy: true, action: 'signIn' } },
  ...(Object.keys(en.signIn.problems) as SignInProblemCode[]).map((code): SignInStory => ({
    name: `sign-in ${code}`,
    screen: { problem: { code, detail: DETAILS[code] ?? null }, busy: false, action: ON_THE_WAY.has(code) ? 'signIn' : 'repair' },
  })),
]
