// The service is stopped and started again during a call, as a deployment does it.

import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

import { expect, test } from './call.ts'

/** Written by `python -m local`, which restarts the service when it is told so. */
function runnerOf(service: string): number | null {
  const file = resolve(import.meta.dirname, `../../.run/runner-${new URL(service).port}.pid`)
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : null
}

test('a service that restarts is waited for, and the call goes on', async ({ call, baseURL }) => {
  test.setTimeout(120_000)
  const runner = runnerOf(baseURL ?? '')
  test.skip(runner === null, 'the assistant at VOICE_URL was not started from this checkout, so it cannot be restarted from here')
  call.tolerate(/^Failed to load resource/u)
  const { page } = call
  await call.open()
  await call.start()
  await call.type('What can you do?')
  await call.expectSound()

  await call.forgetPhases()
  const beganMs = Date.now()
  process.kill(runner ?? 0, 'SIGUSR1')
  await call.expectPhase('reconnecting', 30_000)
  await expect(page.locator('[data-connection=reconnecting]')).toBeVisible()
  await call.screenshot('service-restarts')
  await call.expectPhase('listening', 60_000)
  // oxlint-disable-next-line no-console
  console.log(`service restarted: listening again after ${((Date.now() - beganMs) / 1000).toFixed(1)} s, its own stop and start included`)

  await expect(call.log, 'what was said is still there').toContainText('What can you do?')
  await expect(call.log, 'and the assistant was told of it').not.toContainText('A new session began')
  await call.type('Where does this run?')
  await call.expectSound()
  await expect(page.getByRole('alert')).toHaveCount(0)
})
