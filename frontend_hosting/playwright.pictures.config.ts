// The pictures of docs/client.md: they are committed, so they are made when asked for, and never with the tests.

import { defineConfig } from '@playwright/test'

import tests from './playwright.config.ts'

export default defineConfig(tests, { testMatch: '**/*.pictures.ts' })
