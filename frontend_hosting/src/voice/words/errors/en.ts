// What each of the service's errors is called, and what helps.

import type { ErrorCode } from '../../error-codes.ts'

export type ErrorWords = Readonly<Record<ErrorCode, { readonly title: string; readonly remedy: string }>>

export const errors: ErrorWords = {
  protocol_error: { title: 'This page and the service do not understand each other', remedy: 'Reload the page to get its newest version.' },
  message_too_big: { title: 'A message was too long', remedy: 'Send shorter messages. Start again to go on.' },
  too_fast: { title: 'This page sent too much at once', remedy: 'Wait a few seconds, then start again.' },
  idle: { title: 'Nothing was said for a while', remedy: 'Start again whenever you want to go on.' },
  start_timeout: { title: 'The call did not begin', remedy: 'The page was connected and said nothing. Start again.' },
  too_slow: { title: 'Your connection is too slow for the sound', remedy: 'End other downloads or come closer to your Wi-Fi, then start again.' },
  forbidden: { title: 'You may not use this service', remedy: 'Ask its owner for access.' },
  budget_spent: { title: 'Today’s budget is spent', remedy: 'What you, or everybody together, may spend in a day is used up. It is renewed at midnight UTC.' },
  at_capacity: { title: 'All places are taken', remedy: 'None became free in time. Try again in a few minutes.' },
  daily_limit: { title: 'You have talked for as long as one may in a day', remedy: 'Come back tomorrow: the day ends at midnight UTC.' },
  conversation_unknown: { title: 'This conversation is not there any more', remedy: 'It was deleted, or was kept for as long as it may be. Begin a new one.' },
  history_unavailable: { title: 'Earlier conversations cannot be read just now', remedy: 'Nothing of them is lost. Try again in a moment.' },
  not_saved: { title: 'What is said now may not be kept', remedy: 'The call goes on. Save the transcript if you need it.' },
  ticket_refused: { title: 'Your sign-in was not renewed', remedy: 'The page tries again by itself, and asks you if that does not help.' },
  sign_in_required: { title: 'You need to sign in again', remedy: 'Your sign-in has expired. Sign in, then start again.' },
  superseded: { title: 'This conversation was continued elsewhere', remedy: 'It goes on in another window, or you began more calls than you may hold at once.' },
  going_away: { title: 'The service is restarting', remedy: 'The call moves to another server. If it does not, start again in a moment.' },
  model_silent: { title: 'No answer came', remedy: 'Please say it again.' },
  model_unavailable: { title: 'The model cannot be reached', remedy: 'Nothing is wrong on your side. Try again in a few minutes.' },
  model_refused: { title: 'The model refused this call', remedy: 'Trying again will not help. Tell the people who run this service.' },
  content_filtered: { title: 'The content filter ended the conversation', remedy: 'Something in it is not allowed here. Begin a new conversation.' },
  internal_error: { title: 'The service made a mistake', remedy: 'It is not your fault. Start again; if it happens again, tell the people who run it.' },
}
