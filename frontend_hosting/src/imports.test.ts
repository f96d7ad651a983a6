// Who may import whom, executed rather than asked for: stories -> auth -> voice -> ui, and the pure cores import nothing impure.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'

import { describe, expect, it } from 'vitest'

const SRC = import.meta.dirname

/** A core runs anywhere: it may import other cores and nothing else. */
const PURE = [
  'voice/protocol.ts', 'voice/stored-waterfall.ts', 'voice/protocol-decoder.ts', 'voice/json-fields.ts', 'voice/session.ts', 'voice/call-state.ts', 'voice/received.ts', 'voice/thread.ts', 'voice/close-codes.ts', 'voice/heartbeat.ts', 'voice/clock-sync.ts',
  'voice/problems.ts', 'voice/notices.ts', 'voice/tickets.ts', 'voice/keepsake.ts', 'voice/event-log.ts', 'voice/error-codes.ts', 'voice/words/en.ts', 'voice/words/errors/en.ts', 'voice/words/past/en.ts', 'voice/words/numbers.ts',
  'voice/past/conversations.ts', 'voice/past/days.ts',
  'voice/sound.ts', 'voice/cues.ts', 'voice/transcript-export.ts', 'voice/caption-timing.ts', 'voice/response-times.ts', 'voice/reply-times.ts',
  'voice/audio/frame.ts', 'voice/audio/pcm.ts', 'voice/audio/resampler.ts', 'voice/audio/barge-in.ts', 'voice/audio/onset-trigger.ts',
  'voice/audio/device-choice.ts', 'voice/audio/jitter-buffer.ts', 'voice/audio/silence-detector.ts', 'voice/audio/warm-up.ts',
  'voice/audio/silero/network.ts',
]
/** Each folder may import itself and these. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  admin: ['voice', 'ui'], stories: ['auth', 'voice', 'ui', 'app'], app: [], auth: ['voice', 'ui'], voice: ['ui'], ui: [],
}
const IMPURE = /\b(?:Date\.now|performance\.now|Math\.random|setTimeout|setInterval|fetch\(|globalThis|document\.|navigator\.|postMessage)/u

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/u.test(file) && !file.endsWith('.d.ts'))
const sources = files.filter((file) => !/\.test\.tsx?$|\.browser\.ts$|golden\.ts$|\.fixture\.tsx?$|recorder\.ts$/u.test(file))

function violations(file: string, text: string): string[] {
  const found: string[] = []
  const layer = file.split('/')[0] ?? ''
  const pure = PURE.includes(file)
  for (const [, target = ''] of text.matchAll(/(?:from|import) '([^']+)'/gu)) {
    const to = target.startsWith('.') ? relative(SRC, resolve(SRC, dirname(file), target.split('?')[0] ?? '')) : null
    const toLayer = to?.split('/')[0]
    const allowed = LAYERS[layer]
    if (allowed && toLayer && toLayer !== layer && !allowed.includes(toLayer)) found.push(`${file} may not import ${toLayer}`)
    if (pure && (to === null || !PURE.includes(to))) found.push(`${file} is pure and may not import ${target}`)
  }
  const code = text.replaceAll(/\/\/.*|\/\*[\s\S]*?\*\//gu, '')
  if (pure && IMPURE.test(code)) found.push(`${file} is pure and may not use ${IMPURE.exec(code)?.[0] ?? ''}`)
  if (/^export \* |^export \{[^}]*\} from/mu.test(text)) found.push(`${file} is a barrel: import the files directly`)
  return found
}

it.each(sources)('%s imports what it may', (file) => {
  expect(violations(file, readFileSync(resolve(SRC, file), 'utf8'))).toEqual([])
})

it('every core still exists', () => {
  expect(PURE.filter((file) => !sources.includes(file))).toEqual([])
})

describe('the rule itself', () => {
  it.each([
    ['ui/button.tsx', "import { reduce } from '../voice/session.ts'", 'ui/button.tsx may not import voice'],
    ['voice/store.ts', "import { Story } from '../stories/story.tsx'", 'voice/store.ts may not import stories'],
    ['voice/conversation.ts', "import { SignIn } from '../auth/sign-in.ts'", 'voice/conversation.ts may not import auth'],
    ['voice/session.ts', "import { useState } from 'react'", 'voice/session.ts is pure and may not import react'],
    ['voice/session.ts', "import { createSocket } from './socket.ts'", 'voice/session.ts is pure and may not import ./socket.ts'],
    ['voice/thread.ts', 'const at = Date.now()', 'voice/thread.ts is pure and may not use Date.now'],
    ['voice/index.ts', "export * from './session.ts'", 'voice/index.ts is a barrel: import the files directly'],
  ])('catches %s: %s', (file, text, violation) => {
    expect(violations(file, text)).toEqual([violation])
  })
})
