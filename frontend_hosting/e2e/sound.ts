// What the fake microphone hears: an utterance, made from text or given as VOICE_WAV, with pauses around it.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../..')
const FOLDER = resolve(import.meta.dirname, '../artefacts/sound')
const RATE_HZ = 16_000
const HEADER_BYTES = 44

/** What is asked; with VOICE_WAV one cannot know, so any words will do. */
export const QUESTION = 'What can you do?'
export const HEARD = process.env['VOICE_WAV'] === undefined ? /what can you do/iu : /\w/u

/** Path of a WAV file: seconds of silence (numbers) and the question (strings), one after the other. */
export function soundFile(name: string, parts: readonly (number | 'question')[]): string {
  mkdirSync(FOLDER, { recursive: true })
  const question = questionPcm()
  const pcm = Buffer.concat(parts.map((part) => (part === 'question' ? question : Buffer.alloc(part * RATE_HZ * 2))))
  const path = resolve(FOLDER, `${name}.wav`)
  writeFileSync(path, Buffer.concat([header(pcm.length), pcm]))
  return path
}

/** 16 kHz mono PCM; the emulator's own voice speaks it, so no recording of a person is needed. */
function questionPcm(): Buffer {
  const given = process.env['VOICE_WAV']
  if (given !== undefined) return readPcm(given)
  mkdirSync(FOLDER, { recursive: true })
  const path = resolve(FOLDER, 'question.pcm')
  if (!existsSync(path)) {
    const program = [
      'import pathlib, sys',
      'from emulators.nova_sonic.brains.voice import load_voice',
      'pcm = load_voice().speak(sys.argv[1], voice_id="matthew", rate_hz=16000)',
      'pathlib.Path(sys.argv[2]).write_bytes(pcm)',
    ].join('\n')
    const python = process.env['PYTHON'] ?? resolve(ROOT, '.venv/bin/python')
    execFileSync(python, ['-c', program, QUESTION, path], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] })
  }
  return readFileSync(path)
}

function readPcm(path: string): Buffer {
  const file = readFileSync(path)
  const format = [file.toString('latin1', 0, 4), file.readUInt16LE(20), file.readUInt16LE(22), file.readUInt32LE(24), file.readUInt16LE(34)]
  if (format.join() !== ['RIFF', 1, 1, RATE_HZ, 16].join()) {
    throw new Error(`VOICE_WAV ${path} is not 16 kHz mono 16-bit PCM with a plain header: ${format.join(' ')}`)
  }
  return file.subarray(HEADER_BYTES)
}

function header(bytes: number): Buffer {
  const head = Buffer.alloc(HEADER_BYTES)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + bytes, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(RATE_HZ, 24)
  head.writeUInt32LE(RATE_HZ * 2, 28)
  head.writeUInt16LE(2, 32)
  head.writeUInt16LE(16, 34)
  head.write('data', 36)
  head.writeUInt32LE(bytes, 40)
  return head
}
