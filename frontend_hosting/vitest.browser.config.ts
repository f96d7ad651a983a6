// The worklets in a real browser: what they send and play is compared sample by sample.

import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  worker: { format: 'es' },
  test: {
    include: ['src/**/*.browser.ts'],
    testTimeout: 60_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: {
          executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
          chromiumSandbox: false,
          args: ['--autoplay-policy=no-user-gesture-required', '--disable-background-networking', '--no-first-run'],
        },
      }),
      instances: [{ browser: 'chromium' }],
    },
  },
})
