import { defineConfig } from '@playwright/test'

const WAV = process.env['VOICE_WAV']

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  // One browser at a time: it listens and speaks in real time.
  workers: 1,
  fullyParallel: false,
  timeout: 60_000,
  reporter: [['list']],
  use: {
    baseURL: process.env['VOICE_URL'] ?? 'http://127.0.0.1:8000',
    launchOptions: {
      executablePath: process.env['CHROME_PATH'] ?? '/usr/bin/chromium',
      chromiumSandbox: false,
      args: [
        '--use-fake-ui-for-media-stream',
        '--use-fake-device-for-media-stream',
        // The file would loop; %noloop plays it once and then the room is silent.
        ...(WAV ? [`--use-file-for-fake-audio-capture=${WAV}%noloop`] : []),
        '--autoplay-policy=no-user-gesture-required',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-domain-reliability',
        '--no-first-run',
        '--disable-features=OptimizationHints,MediaRouter',
      ],
    },
    permissions: ['microphone'],
    viewport: { width: 1280, height: 800 },
    trace: 'retain-on-failure',
  },
})
