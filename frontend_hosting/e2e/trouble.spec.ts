import { expect, test } from './call.ts'

test('a line that breaks is taken up again, and the conversation goes on', async ({ call, line }) => {
  await call.open()
  await call.start()
  await call.type('What can you do?')
  await call.expectSound()

  await call.forgetPhases()
  line.cut()
  await call.expectPhase('reconnecting')
  await call.expectQuiet(300)
  await call.screenshot('reconnecting')
  line.mend()
  await call.expectPhase('listening', 30_000)

  await expect(call.log, 'the same conversation goes on').not.toContainText('A new session began')
  await expect(call.log.locator('[data-role=user]')).toHaveCount(1)
  await call.type('Where does this run?')
  await call.expectSound()
})

test('a line that goes dead without a word is noticed', async ({ call, line }) => {
  await call.open()
  await call.start()
  await call.forgetPhases()
  line.hold()
  await call.expectPhase('reconnecting', 20_000)
  line.mend()
  await call.expectPhase('listening', 30_000)
})

test('a call that was ended stays ended', async ({ call, line }) => {
  await call.open()
  await call.start()
  line.cut()
  await call.expectPhase('reconnecting')
  await call.page.getByRole('button', { name: 'Cancel' }).click()
  line.mend()
  await expect(call.page.getByRole('status')).toHaveText('Call ended')
  await call.forgetPhases()
  await call.page.waitForTimeout(3000)
  expect(await call.phases()).toEqual([])
})

test('a service that is gone is named, with what helps', async ({ call, line }) => {
  await call.open()
  line.cut()
  await call.page.getByRole('button', { name: 'Start talking' }).click()
  const alert = call.page.getByRole('alert')
  await expect(alert).toContainText('The service cannot be reached')
  await expect(alert).toContainText('Check your internet connection')
  await call.screenshot('unreachable')
  line.mend()
  await call.page.getByRole('button', { name: 'Start again' }).click()
  await call.expectPhase('listening')
})

for (const [name, title] of [
  ['NotAllowedError', 'The microphone is blocked'],
  ['NotFoundError', 'No microphone found'],
  ['NotReadableError', 'The microphone is in use'],
] as const) {
  test(`without a microphone (${name}) one is told why, and can go on by typing`, async ({ call }) => {
    await call.page.addInitScript((error) => {
      navigator.mediaDevices.getUserMedia = async () => {
        throw new DOMException('no', error)
      }
    }, name)
    await call.open()
    await call.page.getByRole('button', { name: 'Start talking' }).click()
    await expect(call.page.getByRole('alert')).toContainText(title)
    await call.screenshot(`microphone-${name}`)
    await call.page.getByRole('button', { name: 'Continue by typing' }).click()
    await call.expectPhase('listening')
    await call.type('What can you do?')
    await call.expectSound()
  })
}
