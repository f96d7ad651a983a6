// What was said earlier, from the first call to being forgotten, with the real service and its store.

import { readFileSync } from 'node:fs'

import { type Call, expect, test } from './call.ts'

const sheetOf = (call: Call): ReturnType<Call['page']['getByRole']> => call.page.getByRole('dialog', { name: 'Past conversations' })

async function openPast(call: Call): Promise<void> {
  await call.page.getByRole('button', { name: 'Past conversations' }).click()
  await expect(call.page.locator('[data-past=list]')).toHaveAttribute('aria-busy', 'false')
}

/** A call in which one question is typed and answered. */
async function talk(call: Call): Promise<void> {
  await call.start()
  await call.type('What can you do?')
  await call.expectSound()
  await expect(call.replies.first()).toHaveAttribute('data-outcome', 'completed', { timeout: 30_000 })
  await call.page.getByRole('button', { name: 'End', exact: true }).click()
  await expect(call.page.getByRole('status')).toHaveText('Call ended')
}

test('a conversation is found again, renamed, continued, saved, deleted; and then everything is forgotten', async ({ call }) => {
  test.setTimeout(180_000)
  const { page } = call
  await call.open()
  await talk(call)

  await openPast(call)
  const sheet = sheetOf(call)
  const row = sheet.locator('[data-conversation]').first()
  await expect(row).toContainText('What can you do?')
  await row.click()
  await expect(sheet.getByRole('log').locator('[data-role=assistant]')).not.toBeEmpty()
  await call.screenshot('past-1-reading')

  await sheet.getByRole('button', { name: 'Rename' }).click()
  await sheet.getByRole('textbox', { name: 'Title' }).fill('Its talents')
  await page.keyboard.press('Enter')
  await expect(sheet.getByRole('status')).toHaveText('The title was saved.')
  await expect(row).toContainText('Its talents')

  for (const [form, content] of [['Text', /You: What can you do\?/u], ['JSON with every detail', /"role": "assistant"/u], ['WebVTT with times', /^WEBVTT/u]] as const) {
    await sheet.getByRole('button', { name: 'Save transcript' }).click()
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: form }).click()
    expect(readFileSync(await (await download).path(), 'utf8')).toMatch(content)
  }

  await call.forgetPhases()
  await sheet.getByRole('button', { name: 'Continue talking' }).click()
  await call.expectPhase('listening')
  await expect(call.log).toContainText('What can you do?')
  await expect(call.log).toContainText('The conversation goes on here')
  await expect(call.log).not.toContainText('A new session began')
  await call.type('Where does this run?')
  await call.expectSound()
  await call.screenshot('past-2-continued')
  await page.getByRole('button', { name: 'End', exact: true }).click()

  await openPast(call)
  await expect(row, 'it is one conversation, with the title that was given').toContainText(/Its talents.*2 turns/u)
  await row.click()
  await expect(sheet.getByRole('log').locator('[data-role=user]')).toHaveCount(2)

  await sheet.getByRole('button', { name: 'Delete', exact: true }).click()
  await page.keyboard.press('Enter')
  await expect(row, 'the harmless answer has the focus').toContainText('Its talents')
  await sheet.getByRole('button', { name: 'Delete', exact: true }).click()
  await sheet.getByRole('button', { name: 'Delete for good' }).click()
  await expect(sheet.getByRole('status')).toHaveText('Deleted: Its talents')
  await expect(sheet.getByText('Its talents', { exact: true })).toHaveCount(0)
  await page.keyboard.press('Escape')
  await expect(call.log, 'nor does it stand on the page any more').toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Past conversations' })).toBeFocused()

  await talk(call)
  await openPast(call)
  await sheet.getByRole('button', { name: 'Forget me' }).click()
  await expect(sheet.getByRole('alertdialog')).toContainText('What goes, for good')
  await call.screenshot('past-3-forget')
  await sheet.getByRole('button', { name: 'Forget everything' }).click()
  await expect(sheet.getByText('Nothing is here yet')).toBeVisible()
  await page.reload()
  await call.expectSignedIn()
  await openPast(call)
  await expect(sheet.getByText('Nothing is here yet')).toBeVisible()
})

test('past conversations need no mouse', async ({ call }) => {
  const { page } = call
  await call.open()
  await talk(call)
  await page.getByRole('button', { name: 'Past conversations' }).focus()
  await page.keyboard.press('Enter')
  await expect(page.locator('[data-past=list]')).toHaveAttribute('aria-busy', 'false')
  const sheet = sheetOf(call)
  await sheet.locator('[data-conversation]').first().focus()
  await page.keyboard.press('Enter')
  await expect(sheet.getByRole('heading', { level: 3, name: 'What can you do?' })).toBeFocused()
  await page.keyboard.press('Tab')
  await expect(sheet.getByRole('button', { name: 'Rename' })).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(sheet).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Past conversations' })).toBeFocused()
})

test('without a network both the list and the page say so, and come when they are asked again', async ({ call, line }) => {
  call.tolerate(/^Failed to load resource/u)
  await call.open()
  const sheet = sheetOf(call)
  const refused = sheet.getByRole('alert')
  const again = sheet.getByRole('button', { name: 'Try again' })
  line.cut()
  await call.page.getByRole('button', { name: 'Past conversations' }).click()
  await expect(refused, 'what shows the list could not be fetched').toContainText('The service cannot be reached')
  line.mend()
  await again.click()
  await expect(sheet.getByRole('button', { name: 'Forget me' })).toBeVisible()
  await call.page.keyboard.press('Escape')

  line.cut()
  await openPast(call)
  await expect(refused, 'the list could not be fetched').toContainText('The service cannot be reached')
  await call.screenshot('past-4-offline')
  line.mend()
  await again.click()
  await expect(sheet.getByRole('button', { name: 'Forget me' })).toBeVisible()
})

test('a conversation that was deleted elsewhere cannot be read, and says so', async ({ call }) => {
  const { page } = call
  call.tolerate(/^Failed to load resource/u)
  await call.open()
  await talk(call)
  await openPast(call)
  await page.route('**/api/conversations/*', (route) => route.fulfill({ status: 404, json: { code: 'conversation_unknown' } }))
  await sheetOf(call).locator('[data-conversation]').first().click()
  await expect(sheetOf(call).getByRole('alert')).toContainText('This conversation is not there any more')
})
