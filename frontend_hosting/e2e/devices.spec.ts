// Devices that come and go while one talks. Chromium's fake devices: a default and two more of each kind.

import { ASKS_ON, expect, test } from './call.ts'

declare global {
  var openTracks: MediaStreamTrack[] | undefined
  var plugInAgain: (() => void) | undefined
}

/** A track ends when its device is unplugged; that is the one thing a test can do to a fake device. */
const KEEP_TRACKS = (): void => {
  globalThis.openTracks = []
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    const stream = await ask(constraints)
    globalThis.openTracks?.push(...stream.getAudioTracks())
    return stream
  }
}
const UNPLUG = (): void => {
  const track = globalThis.openTracks?.at(-1)
  track?.stop()
  track?.dispatchEvent(new Event('ended'))
}

test('the microphone and the loudspeaker can be chosen, tested, and are remembered', async ({ call }) => {
  const { page } = call
  await call.open()
  await page.getByRole('button', { name: 'Sound' }).click()
  const menu = page.getByRole('dialog', { name: 'Sound' })
  await menu.getByRole('button', { name: 'Test the microphone' }).click()
  await expect(menu.getByRole('meter')).toBeVisible()
  const microphone = menu.getByRole('combobox', { name: 'Microphone' })
  await expect(microphone.locator('option')).not.toHaveCount(1)
  const last = await microphone.locator('option').last().getAttribute('value')
  await microphone.selectOption(last ?? '')
  await menu.getByRole('combobox', { name: 'Loudspeaker' }).selectOption({ index: 1 })
  await menu.getByRole('button', { name: 'Play a sound' }).click()
  await menu.getByLabel(/^Volume/u).fill('40')
  await menu.getByLabel(/^Pause before/u).fill('900')
  await call.screenshot('sound-menu')
  await page.reload()
  await page.getByRole('button', { name: 'Sound' }).click()
  await expect(menu.getByRole('combobox', { name: 'Microphone' })).toHaveValue(last ?? '')
  await expect(menu.getByText('0.9 s')).toBeVisible()
  await expect(menu.getByText('40 %')).toBeVisible()
})

test.describe('while one talks', () => {
  test.use({ sound: ASKS_ON })

  test('a microphone that is unplugged is replaced, and the call goes on', async ({ call }) => {
    const { page } = call
    await page.addInitScript(KEEP_TRACKS)
    await call.open()
    await call.start()
    await page.evaluate(UNPLUG)
    await expect(page.locator('[data-notice=microphoneSwitched]')).toBeVisible()
    await call.screenshot('microphone-switched')
    await page.getByRole('button', { name: 'Dismiss' }).click()
    await call.forgetPhases()
    await call.expectPhase('hearing')
    await call.expectSound()
    expect(await page.evaluate(() => globalThis.openTracks?.map(({ readyState }) => readyState))).toEqual(['ended', 'live'])
  })

  test('without another microphone the call goes on by typing, and takes the microphone up again when it is back', async ({ call }) => {
    const { page } = call
    await page.addInitScript(KEEP_TRACKS)
    await call.open()
    await call.start()
    await page.evaluate(() => {
      const { mediaDevices } = navigator
      const ask = mediaDevices.getUserMedia.bind(mediaDevices)
      const list = mediaDevices.enumerateDevices.bind(mediaDevices)
      mediaDevices.getUserMedia = () => Promise.reject(new DOMException('none', 'NotFoundError'))
      mediaDevices.enumerateDevices = async () => (await list()).filter(({ kind }) => kind !== 'audioinput')
      globalThis.plugInAgain = () => {
        Object.assign(mediaDevices, { getUserMedia: ask, enumerateDevices: list })
        mediaDevices.dispatchEvent(new Event('devicechange'))
      }
    })
    await page.evaluate(UNPLUG)
    await expect(page.locator('[data-notice=microphoneGone]')).toContainText('You can go on by typing')
    await call.screenshot('microphone-gone')
    await call.type('What can you do?')
    await call.expectSound()
    await page.evaluate(() => globalThis.plugInAgain?.())
    await expect(page.locator('[data-notice=microphoneBack]')).toBeVisible()
    await call.screenshot('microphone-back')
    await call.forgetPhases()
    await call.expectPhase('hearing')
  })

  test('the pause is the user’s: a shorter one ends the turn sooner', async ({ call }) => {
    const { page } = call
    await page.addInitScript(() => localStorage.setItem('voice.sound', JSON.stringify({ volume: 1, pauseMs: 500 })))
    await call.open()
    await call.start()
    await expect(call.replies.first()).toContainText('answered in', { timeout: 30_000 })
    await page.getByRole('button', { name: 'Details' }).click()
    const waiting = page.locator('[data-stage=waiting]')
    await expect(waiting).toBeVisible()
    expect(Number(await waiting.getAttribute('data-ms'))).toBeLessThan(1000)
    await call.screenshot('details')
  })
})

test('a reply is captioned by the word, and what is heard is what is marked', async ({ call }) => {
  const { page } = call
  await call.open()
  await call.start()
  await call.type('What can you do?')
  const seen = new Set<string>()
  const word = page.locator('[data-caption=word]')
  await expect(word).toBeVisible()
  await expect.poll(async () => seen.add((await word.textContent({ timeout: 1000 }).catch(() => '')) ?? '').size, { intervals: [60] }).toBeGreaterThan(3)
})

test('on a phone, which has no room for captions, the word is marked in the conversation', async ({ call }) => {
  const { page } = call
  await call.open()
  await page.setViewportSize({ width: 390, height: 780 })
  await call.start()
  await call.type('What can you do?')
  await expect(page.locator('[data-caption]').first()).toBeHidden()
  const word = call.log.locator('[data-heard=word]')
  await expect(word).toBeInViewport()
  const seen = new Set<string>()
  await expect.poll(async () => seen.add((await word.textContent({ timeout: 1000 }).catch(() => '')) ?? '').size, { intervals: [60] }).toBeGreaterThan(3)
  await call.screenshot('speaking-phone')
})

test('the conversation is saved as a file', async ({ call }) => {
  const { page } = call
  await call.open()
  await call.start()
  await call.type('What can you do?')
  await call.expectSound()
  await page.getByRole('button', { name: 'Save transcript' }).click()
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'WebVTT with times' }).click()
  expect((await download).suggestedFilename()).toMatch(/^conversation-.*\.vtt$/u)
})
