// What the tests and the pictures of the dashboard do alike.

import { readFileSync } from 'node:fs'

import type { Download, Page } from '@playwright/test'

import { type Call, expect } from './call.ts'
import { ADMINISTRATOR, type UserPool } from './user-pool.ts'

export const TITLE = 'How the assistant is used'

export async function openDashboard(call: Call): Promise<Page> {
  const { page } = call
  await call.open(ADMINISTRATOR)
  await page.getByRole('link', { name: TITLE }).click()
  await expect(page.getByRole('heading', { name: TITLE })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Last 7 days' })).toBeVisible()
  return page
}

export async function saved(page: Page, save: () => Promise<void>): Promise<{ readonly file: Download; readonly path: string; readonly text: string }> {
  const [file] = await Promise.all([page.waitForEvent('download'), save()])
  const path = await file.path()
  return { file, path, text: readFileSync(path, 'utf8') }
}

/** A typed question and its answer, and then the dashboard. */
export async function recordedCall(call: Call, pool: UserPool): Promise<void> {
  const { page } = call
  await call.open(ADMINISTRATOR)
  await call.start()
  await call.type('What can you do?')
  await call.expectSound()
  await expect(call.replies.first()).toContainText('answered in')
  await expect.poll(() => call.phases(), { timeout: 60_000 }).toEqual(expect.arrayContaining(['speaking']))
  await expect(page.getByRole('status')).toHaveText('Listening', { timeout: 60_000 })
  await page.getByRole('button', { name: 'End', exact: true }).click()
  await expect(page.getByRole('status')).toHaveText('Call ended')
  await page.getByRole('link', { name: TITLE }).click()
  await expect(page.getByRole('heading', { name: TITLE })).toBeVisible()
  expect(pool.origin).not.toBe(new URL(page.url()).origin)
}
