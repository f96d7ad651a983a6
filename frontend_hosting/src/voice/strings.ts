// Every word the voice part shows, in one place, so that another language is another object of this shape.

import type { EndReason } from './close-codes.ts'
import type { ProblemCode } from './problems.ts'
import type { Phase } from './session.ts'

type ProblemText = { readonly title: string; readonly remedy: string }

export const strings = {
  product: 'Voice assistant',
  lead: 'Talk it through.',
  leadText: 'Ask, think aloud, change your mind in mid-sentence. It listens while it speaks.',
  consent: 'You are talking to an AI. Your microphone opens when you start, and your voice is sent to the service for as long as the call lasts.',
  start: 'Start talking',
  startAgain: 'Start again',
  typeInstead: 'Continue by typing',
  cancel: 'Cancel',
  language: 'Language',
  voice: 'Voice',
  retryOptions: 'Try again',

  phase: {
    idle: 'Ready when you are',
    connecting: 'Connecting',
    listening: 'Listening',
    hearing: 'Hearing you',
    thinking: 'Thinking',
    speaking: 'Speaking',
    reconnecting: 'Reconnecting',
    ended: 'Call ended',
    failed: 'Something is in the way',
  } satisfies Record<Phase, string>,
  mutedPhase: 'Muted',
  holdPhase: 'Hold to talk',
  typingPhase: 'Type your message',
  openingMicrophone: 'Waiting for your microphone',

  controls: 'Call controls',
  mute: 'Mute',
  unmute: 'Unmute',
  pushToTalk: 'Push to talk',
  handsFree: 'Hands-free',
  hold: 'Hold to talk',
  interrupt: 'Interrupt',
  end: 'End',

  thread: 'Conversation',
  you: 'You',
  assistant: 'Assistant',
  typed: 'typed',
  emptyThread: 'What you say and hear will appear here.',
  interrupted: 'interrupted',
  copy: 'Copy transcript',
  copied: 'Copied',
  notes: {
    freshSession: 'The connection was lost and a new session began. The assistant does not remember what stands above.',
    unanswered: 'No answer came. Please say it again.',
  },
  composerLabel: 'Message',
  composerPlaceholder: 'Or type a message',
  send: 'Send',

  responseTime: (seconds: string) => `answered in ${seconds} s`,
  responseTimeMeaning: 'From the end of your speech to the first sound of the answer, measured in this page.',
  summary: (turns: number, seconds: string | null) =>
    `${turns} ${turns === 1 ? 'answer' : 'answers'}${seconds === null ? '' : `, typically after ${seconds} s`}`,

  connection: {
    idle: 'Not connected',
    connecting: 'Connecting',
    live: 'Connected',
    leaving: 'Moving to another server',
    reconnecting: 'Reconnecting',
    failed: 'Disconnected',
  },
  roundTrip: (ms: number) => `${ms} ms`,
  retryIn: 'The connection was lost. Trying again with a new session.',

  settings: 'Settings',
  theme: 'Appearance',
  themes: { system: 'System', light: 'Light', dark: 'Dark' },
  announce: 'Read new messages to screen readers',
  announceHint: 'Off by default: it would talk over the assistant.',
  shortcuts: 'Keyboard shortcuts',
  shortcutsHint: 'M mutes, Esc interrupts, hold Space in push to talk.',
  dismiss: 'Dismiss',

  ended: {
    done: 'Thank you for talking.',
    idle: 'The call ended because nothing was said for a while.',
    superseded: 'This conversation was continued in another window.',
  } satisfies Record<EndReason, string>,

  problems: {
    insecureContext: {
      title: 'This page is not secure',
      remedy: 'Browsers open a microphone only over https. Open the page at its https address, or on localhost.',
    },
    microphoneUnsupported: {
      title: 'This browser cannot record',
      remedy: 'Open the page in a current Chrome, Edge, Firefox or Safari rather than inside another app.',
    },
    microphoneDenied: {
      title: 'The microphone is blocked',
      remedy: 'Allow the microphone for this site: the icon left of the address opens the permissions. Then start again.',
    },
    microphoneMissing: {
      title: 'No microphone found',
      remedy: 'Connect a microphone or a headset, then start again.',
    },
    microphoneBusy: {
      title: 'The microphone is in use',
      remedy: 'Another program holds it. Close other calls or recorders, then start again.',
    },
    microphoneLost: {
      title: 'The microphone was disconnected',
      remedy: 'Connect it again, or choose another in your system settings, then start again.',
    },
    microphoneFailed: {
      title: 'The microphone did not open',
      remedy: 'Check it in your system settings, then start again.',
    },
    setupFailed: {
      title: 'The call could not be set up',
      remedy: 'Reload the page. If that does not help, restart the browser.',
    },
    serviceUnreachable: {
      title: 'The service cannot be reached',
      remedy: 'Check your internet connection. If that is fine, the service is down: try again in a few minutes.',
    },
    serviceRefused: {
      title: 'The service refused the call',
      remedy: 'It may be restarting or full. Try again in a moment.',
    },
    serviceSilent: {
      title: 'The service does not answer',
      remedy: 'It accepted the call but did not begin. Try again in a moment.',
    },
    connectionLost: {
      title: 'The connection was lost',
      remedy: 'We tried for a minute. Check your internet connection, then start again.',
    },
    messageTooBig: {
      title: 'A message was too long',
      remedy: 'Send shorter messages. Start again to go on.',
    },
    serviceFault: {
      title: 'The service made a mistake',
      remedy: 'It is not your fault. Start again; if it happens again, tell the people who run it.',
    },
    protocolFault: {
      title: 'This page and the service do not understand each other',
      remedy: 'Reload the page to get its newest version.',
    },
    signInRequired: {
      title: 'You need to sign in again',
      remedy: 'Your sign-in has expired. Sign in, then start again.',
    },
    forbidden: {
      title: 'You may not use this service from here',
      remedy: 'Open the page at its own address, or ask its owner for access.',
    },
    cannotResume: {
      title: 'The call could not be continued',
      remedy: 'Start again; what was said so far stays on this page.',
    },
    tooManyRequests: {
      title: 'Too many calls right now',
      remedy: 'Your quota or the service is used up for the moment. Wait a little, then start again.',
    },
    serviceLeaving: {
      title: 'The service is restarting',
      remedy: 'Start again in a moment.',
    },
  } satisfies Record<ProblemCode, ProblemText>,
}
