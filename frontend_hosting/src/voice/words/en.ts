// Every word the page shows. Another language is another object of this shape: see catalogue.ts.

import type { Part } from '../protocol.ts'
import type { EndReason } from '../close-codes.ts'
import type { EventSource } from '../event-log.ts'
import type { NoticeCode } from '../notices.ts'
import type { ProblemCode } from '../problems.ts'
import type { Phase } from '../call-state.ts'
import { errors } from './errors/en.ts'
import { past } from './past/en.ts'

type ProblemText = { readonly title: string; readonly remedy: string }

export const en = {
  /** BCP 47: the `lang` of the page, and how numbers are written. */
  locale: 'en',
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

  signIn: {
    leadText: 'Sign in to talk with the assistant. You will come back here.',
    start: 'Sign in',
    busy: 'Signing in',
    again: 'Sign in again',
    out: 'Sign out',
    outOf: (account: string) => `Sign out ${account}`,
    tryAgain: 'Try again',
    problems: {
      insecure: { title: 'This page is not secure', remedy: 'Browsers sign in only over https. Open the page at its https address, or on localhost.' },
      storageBlocked: { title: 'This browser keeps nothing for this page', remedy: 'Signing in needs site data for a moment. Allow it for this site, or leave private browsing.' },
      serviceUnreachable: { title: 'The service cannot be reached', remedy: 'Check your internet connection. If that is fine, try again in a few minutes.' },
      configMissing: { title: 'The page was not set up', remedy: 'It does not know where to sign in. Tell whoever looks after it.' },
      configWrong: { title: 'The page was set up wrongly', remedy: 'Tell whoever looks after it.' },
      poolUnreachable: { title: 'Sign-in cannot be reached', remedy: 'Nothing is wrong with your password. Try again in a moment.' },
      notCompleted: { title: 'The sign-in was not completed', remedy: 'It took too long, or began in another window. Sign in once more.' },
    } satisfies Readonly<Record<string, ProblemText>>,
  },

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
  queued: (position: number) => `All places are taken. You are number ${position} in line.`,

  controls: 'Call controls',
  mute: 'Mute',
  pushToTalk: 'Push to talk',
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
  copyFailed: 'The browser did not allow copying. Save it as a file instead.',
  save: 'Save transcript',
  saveAs: { text: 'Text', json: 'JSON with every detail', webvtt: 'WebVTT with times' },
  tool: {
    started: (name: string) => `Using ${name}`,
    finished: (name: string) => `Used ${name}`,
    failed: (name: string) => `${name} did not work`,
  },
  notes: {
    freshSession: 'A new session began here. The assistant does not remember what stands above.',
    takenUp: 'The connection was lost; the conversation goes on. The last thing said may be missing.',
    unanswered: 'No answer came. Please say it again.',
    continued: 'The conversation goes on here. The assistant remembers what stands above, as far back as it can.',
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
    ending: 'Ends soon',
    reconnecting: 'Reconnecting',
    failed: 'Disconnected',
  },
  farewell: {
    max_duration: 'This call has lasted as long as one may. It ends after this answer; you can begin again at once.',
    budget: 'Today’s budget is spent. The assistant says goodbye, and the call ends.',
  },
  roundTrip: (ms: number) => `${ms} ms`,
  retryIn: 'The connection was lost. Trying again with a new session.',
  retrySeconds: (seconds: string) => `in ${seconds} s`,

  settings: 'Settings',
  interfaceLanguage: 'Language of this page',
  browserLanguage: 'As in the browser',
  theme: 'Appearance',
  themes: { system: 'System', light: 'Light', dark: 'Dark' },
  announce: 'Read new messages to screen readers',
  announceHint: 'Off by default: it would talk over the assistant.',
  cues: 'Short sounds for what is going on',
  cuesHint: 'When it is your turn, when you were understood, when something is wrong. Some phones vibrate as well.',
  shortcuts: 'Keyboard shortcuts',
  shortcutsHint: 'M mutes, Esc interrupts, hold Space in push to talk.',
  dismiss: 'Dismiss',

  sound: 'Sound',
  microphone: 'Microphone',
  speaker: 'Loudspeaker',
  systemDevice: 'System default',
  unnamedDevice: (number: string) => `Device ${number}`,
  speakerBySystem: 'This browser plays through the loudspeaker that is chosen in your system.',
  testMicrophone: 'Test the microphone',
  stopTest: 'Stop the test',
  testHint: 'Say something: the bar moves when you are heard.',
  testHeard: 'You can be heard.',
  level: 'Level of your microphone',
  testSpeaker: 'Play a sound',
  volume: 'Volume',
  percent: (percent: string) => `${percent} %`,
  pause: 'Pause before the answer',
  pauseHint: 'How long you may be silent before your turn ends.',
  detector: 'I am in a noisy place',
  detectorHint: 'A small neural network tells speech from noise. It is fetched once (0.5 MB) and runs in this browser.',
  spanSeconds: (seconds: string) => `${seconds} s`,

  notices: {
    microphoneSwitched: 'Your microphone was disconnected. Another one is in use now.',
    microphoneGone: 'Your microphone was disconnected. You can go on by typing; connect it again to talk.',
    microphoneBack: 'Your microphone is in use again.',
    speakerGone: 'Your loudspeaker was disconnected. Sound comes from the system’s own now.',
    echo: 'This microphone cannot remove the assistant’s voice from yours. Use headphones, or push to talk.',
    soundSuspended: 'The browser has paused the sound of this page.',
    clockWrong: 'The clock of this device is wrong by more than five minutes. Talking works; the times in what you save are wrong.',
    detectorMissing: 'The network that tells speech from noise could not be fetched. The ordinary detection goes on.',
  } satisfies Record<NoticeCode, string>,
  usePushToTalk: 'Use push to talk',
  soundOn: 'Turn the sound on',

  details: 'Details',
  responseTimes: 'Response time',
  noResponses: 'No answer has been timed yet.',
  lastTime: 'Last',
  medianTime: 'Typical',
  p95Time: 'Slow (1 in 20)',
  stages: { waiting: 'Pause, to be sure you had finished', answering: 'Service and model', playing: 'Buffer and loudspeaker' },
  waterfall: {
    title: 'Where the last answer’s time went',
    parts: { uplinkMs: 'To the service', serviceInMs: 'Through the service', endpointingMs: 'Until it was clear you had finished', modelMs: 'The model', serviceOutMs: 'Back through the service', downlinkMs: 'To this page', jitterBufferMs: 'Buffer', outputMs: 'Loudspeaker' } satisfies Record<Part, string>,
    total: 'From your last word to the first sound',
    unknown: 'not known',
    turnCost: 'Cost of the last turn',
    sessionCost: 'Cost of this session',
  },
  usage: 'Usage',
  noUsage: 'The service has not reported any yet.',
  tokens: { heard: 'Speech heard', read: 'Text read', spoken: 'Speech spoken', written: 'Text written', total: 'All tokens' },
  session: 'Session',
  sessionId: 'Session',
  model: 'Model',
  roundTripTime: 'Round trip',
  underruns: 'Playback gaps',
  events: 'Events',
  filterEvents: 'Filter events',
  allSources: 'All',
  sources: { page: 'Page', service: 'Service', sound: 'Sound' } satisfies Record<EventSource, string>,
  eventCount: (shown: string, all: string) => `${shown} of ${all} events`,
  copyEvents: 'Copy events',

  errors,
  past,

  ended: {
    done: 'Thank you for talking.',
    idle: 'The call ended because nothing was said for a while.',
    superseded: 'This conversation was continued in another window, or you began more calls than you may hold at once.',
    maxDuration: 'The call has lasted as long as one may. Begin again to go on.',
    signedInAgain: 'You are signed in again. What was said is still here.',
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
    signInUnreachable: {
      title: 'Sign-in cannot be reached',
      remedy: 'Nothing is wrong with your password. Try again in a moment.',
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
    historyNotKept: {
      title: 'Conversations are not kept here',
      remedy: 'Whoever runs this service stores none. Save the transcript after a call instead.',
    },
  } satisfies Record<ProblemCode, ProblemText>,
}

export type Words = typeof en
