// Draws the orb: soft bodies that breathe, and around them a ring of ticks that remembers the last seconds of sound.
// The user's voice moves the ring, the assistant's moves the bodies. Knows a canvas, nothing of React.

import type { Phase } from '../call-state.ts'

export type Scene = {
  readonly phase: Phase
  /** Levels, 0 to 1. */
  readonly microphone: number
  readonly assistant: number
  readonly closed: boolean
  readonly dark: boolean
  /** No movement: same colours, resting shape. */
  readonly still: boolean
}

type Rgb = readonly [number, number, number]
type Look = { readonly inner: Rgb; readonly outer: Rgb; readonly energy: number; readonly speed: number }

const LOOKS: Readonly<Record<Phase, Look>> = {
  idle: { inner: [122, 205, 188], outer: [16, 106, 104], energy: 0.05, speed: 0.35 },
  connecting: { inner: [170, 198, 196], outer: [70, 104, 116], energy: 0.04, speed: 0.9 },
  listening: { inner: [120, 221, 196], outer: [9, 113, 110], energy: 0.06, speed: 0.5 },
  hearing: { inner: [255, 196, 138], outer: [209, 84, 52], energy: 0.07, speed: 0.8 },
  thinking: { inner: [190, 178, 245], outer: [78, 74, 170], energy: 0.06, speed: 1.5 },
  speaking: { inner: [134, 232, 214], outer: [12, 104, 150], energy: 0.07, speed: 0.9 },
  reconnecting: { inner: [244, 214, 140], outer: [158, 106, 24], energy: 0.04, speed: 0.8 },
  ended: { inner: [196, 204, 200], outer: [112, 128, 126], energy: 0.03, speed: 0.25 },
  failed: { inner: [240, 180, 168], outer: [160, 70, 62], energy: 0.03, speed: 0.25 },
}
const TICKS = 96
const POINTS = 120
const BODIES = [
  { size: 1.06, phase: 0, turn: 0.21, alpha: 0.3 },
  { size: 1, phase: 2.1, turn: -0.27, alpha: 0.42 },
  { size: 0.93, phase: 4.4, turn: 0.33, alpha: 0.55 },
  { size: 0.86, phase: 1.2, turn: -0.18, alpha: 0.7 },
] as const

export class OrbPainter {
  readonly #context: CanvasRenderingContext2D
  readonly #ring = new Float32Array(TICKS)
  #head = 0
  #inner: Rgb = LOOKS.idle.inner
  #outer: Rgb = LOOKS.idle.outer
  #energy = LOOKS.idle.energy
  #time = 0
  #microphone = 0
  #assistant = 0

  constructor(context: CanvasRenderingContext2D) {
    this.#context = context
  }

  /** One frame, `elapsedS` after the last; `size` in device pixels. */
  paint(scene: Scene, size: number, elapsedS: number): void {
    this.#advance(scene, elapsedS)
    const context = this.#context
    context.clearRect(0, 0, size, size)
    context.save()
    context.translate(size / 2, size / 2)
    const radius = size * 0.285
    this.#halo(radius, scene)
    this.#bodies(radius, scene)
    this.#gloss(radius, scene)
    this.#ticks(size, scene)
    if (scene.phase === 'thinking' || scene.phase === 'connecting' || scene.phase === 'reconnecting') this.#sweep(size, scene)
    context.restore()
  }

  #advance(scene: Scene, elapsedS: number): void {
    const look = LOOKS[scene.phase]
    const ease = scene.still ? 1 : 1 - Math.exp(-elapsedS * 5)
    this.#inner = mix(this.#inner, look.inner, ease)
    this.#outer = mix(this.#outer, look.outer, ease)
    this.#energy += (look.energy - this.#energy) * ease
    this.#microphone = follow(this.#microphone, scene.still ? 0 : loudness(scene.microphone), elapsedS)
    this.#assistant = follow(this.#assistant, scene.still ? 0 : loudness(scene.assistant), elapsedS)
    if (scene.still) return
    this.#time += elapsedS * look.speed
    this.#head = (this.#head + 1) % TICKS
    this.#ring[this.#head] = this.#microphone
  }

  #halo(radius: number, { dark }: Scene): void {
    const context = this.#context
    const reach = radius * (1.55 + this.#assistant * 0.3)
    const glow = context.createRadialGradient(0, 0, radius * 0.6, 0, 0, reach)
    glow.addColorStop(0, rgba(this.#inner, dark ? 0.34 : 0.5))
    glow.addColorStop(1, rgba(this.#inner, 0))
    context.fillStyle = glow
    context.fillRect(-reach, -reach, reach * 2, reach * 2)
  }

  #bodies(radius: number, { dark }: Scene): void {
    const context = this.#context
    const swell = 1 + this.#assistant * 0.2 + Math.sin(this.#time * 1.4) * 0.012
    for (const body of BODIES) {
      const size = radius * body.size * swell
      // The light wanders slowly, so that even silence is alive.
      const x = Math.cos(this.#time * 0.5 + body.phase) * size * 0.18 - size * 0.2
      const y = Math.sin(this.#time * 0.4 + body.phase) * size * 0.14 - size * 0.34
      const fill = context.createRadialGradient(x, y, 0, 0, 0, size * 1.2)
      fill.addColorStop(0, rgba(mix(this.#inner, [255, 255, 255], 0.3), body.alpha))
      fill.addColorStop(0.35, rgba(this.#inner, body.alpha))
      fill.addColorStop(0.75, rgba(mix(this.#inner, this.#outer, 0.75), body.alpha))
      fill.addColorStop(1, rgba(dark ? this.#outer : mix(this.#outer, [255, 255, 255], 0.06), body.alpha))
      context.fillStyle = fill
      this.#outline(size, body.phase, body.turn)
      context.fill()
    }
  }

  #outline(size: number, phase: number, turn: number): void {
    const context = this.#context
    const t = this.#time
    const wobble = this.#energy + this.#assistant * 0.1 + this.#microphone * 0.04
    const spin = t * turn
    context.beginPath()
    for (let i = 0; i <= POINTS; i++) {
      const angle = (i / POINTS) * Math.PI * 2
      const wave =
        Math.sin(angle * 2 + t * 1.1 + phase) * 0.5 +
        Math.sin(angle * 3 - t * 1.7 + phase * 1.7) * 0.35 +
        Math.sin(angle * 5 + t * 2.3 + phase * 0.6) * 0.15
      const distance = size * (1 + wave * wobble)
      const x = Math.cos(angle + spin) * distance
      const y = Math.sin(angle + spin) * distance
      if (i === 0) context.moveTo(x, y)
      else context.lineTo(x, y)
    }
    context.closePath()
  }

  #gloss(radius: number, { dark }: Scene): void {
    const context = this.#context
    const x = -radius * 0.22
    const y = -radius * 0.4
    const light = context.createRadialGradient(x, y, 0, x, y, radius * 0.95)
    light.addColorStop(0, `rgb(255 255 255 / ${dark ? 0.22 : 0.36})`)
    light.addColorStop(1, 'rgb(255 255 255 / 0)')
    context.fillStyle = light
    context.beginPath()
    context.arc(0, 0, radius * 0.92, 0, Math.PI * 2)
    context.fill()
  }

  /** The newest sound stands at the top, older sound runs down both sides. */
  #ticks(size: number, { dark, closed }: Scene): void {
    const context = this.#context
    const inner = size * 0.415
    context.lineCap = 'round'
    context.lineWidth = Math.max(1.5, size * 0.0052)
    for (let i = 0; i < TICKS; i++) {
      const side = i <= TICKS / 2 ? i : TICKS - i
      const level = this.#ring[(this.#head - side + TICKS) % TICKS] ?? 0
      const angle = (i / TICKS) * Math.PI * 2 - Math.PI / 2
      const length = size * (0.004 + level * 0.062)
      const alpha = closed ? 0.16 : 0.24 + level * 0.76
      context.strokeStyle = rgba(dark ? mix(this.#inner, [255, 255, 255], 0.1) : mix(this.#outer, [0, 0, 0], 0.1), alpha)
      context.beginPath()
      context.moveTo(Math.cos(angle) * inner, Math.sin(angle) * inner)
      context.lineTo(Math.cos(angle) * (inner + length), Math.sin(angle) * (inner + length))
      context.stroke()
    }
  }

  #sweep(size: number, { dark, still }: Scene): void {
    const context = this.#context
    const start = still ? -Math.PI / 2 : this.#time * 2.2
    context.strokeStyle = rgba(dark ? this.#inner : this.#outer, 0.9)
    context.lineWidth = Math.max(2, size * 0.008)
    context.beginPath()
    context.arc(0, 0, size * 0.385, start, start + 1.1)
    context.stroke()
  }
}

/** In forced colours only the system's own may be used: one ring in the colour of text. */
export function paintForced(context: CanvasRenderingContext2D, size: number, phase: Phase): void {
  context.clearRect(0, 0, size, size)
  context.strokeStyle = 'CanvasText'
  context.lineWidth = size * 0.02
  context.setLineDash(phase === 'listening' || phase === 'speaking' || phase === 'hearing' ? [] : [size * 0.03, size * 0.03])
  context.beginPath()
  context.arc(size / 2, size / 2, size * 0.3, 0, Math.PI * 2)
  context.stroke()
}

/** Loudness as it is felt: -50 dBFS is nothing, -12 dBFS is loud. */
function loudness(level: number): number {
  const db = 20 * Math.log10(level + 1e-6)
  return Math.max(0, Math.min(1, (db + 50) / 38))
}

/** Quick to rise, slow to fall. */
function follow(value: number, target: number, elapsedS: number): number {
  return value + (target - value) * (1 - Math.exp(-elapsedS * (target > value ? 28 : 7)))
}

function mix(from: Rgb, to: Rgb, share: number): Rgb {
  return [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share, from[2] + (to[2] - from[2]) * share]
}

function rgba([red, green, blue]: Rgb, alpha: number): string {
  return `rgb(${Math.round(red)} ${Math.round(green)} ${Math.round(blue)} / ${alpha})`
}
