import { resolve } from 'node:path'

import { defineConfig } from '@playwright/test'

// With VOICE_URL the tests talk to that assistant; without, they start one from this checkout.
const LOCAL_URL = 'http://127.0.0.1:8765'
const given = process.env['VOICE_URL']

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  // One browser at a time: it listens and speaks in real time.
  workers: 1,
  fullyParallel: false,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  use: {
    baseURL: given ?? LOCAL_URL,
    viewport: { width: 1280, height: 800 },
    trace: 'retain-on-failure',
  },
  ...(given === undefined
    ? {
        webServer: {
          command: `.venv/bin/python -m local --port ${new URL(LOCAL_URL).port}`,
          cwd: resolve(import.meta.dirname, '..'),
          url: `${LOCAL_URL}/health/ready`,
          reuseExistingServer: true,
          timeout: 120_000,
          gracefulShutdown: { signal: 'SIGINT', timeout: 10_000 },
        },
      }
    : {}),
})
