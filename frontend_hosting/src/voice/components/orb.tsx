import { type ReactNode, useEffect, useRef } from 'react'

import { useMediaQuery } from '../../ui/use-media-query.ts'
import type { Meters } from '../meters.ts'
import type { Phase } from '../call-state.ts'
import { OrbPainter, paintForced } from './orb-painter.ts'

type Props = { readonly phase: Phase; readonly closed: boolean; readonly dark: boolean; readonly meters: Pick<Meters, 'microphone' | 'assistant'> }

/** Thirty frames a second look alike and cost half. */
const FRAME_S = 1 / 30

/** The living picture of the call. Decoration: the status line says the same in words. */
export function Orb({ phase, closed, dark, meters }: Props): ReactNode {
  const canvasRef = useRef<HTMLCanvasElement>(null)
  const sceneRef = useRef({ phase, closed, dark })
  const still = useMediaQuery('(prefers-reduced-motion: reduce)')
  const forced = useMediaQuery('(forced-colors: active)')

  useEffect(() => {
    sceneRef.current = { phase, closed, dark }
  }, [phase, closed, dark])

  useEffect(() => {
    const canvas = canvasRef.current
    const context = canvas?.getContext('2d')
    if (!canvas || !context) return
    const painter = new OrbPainter(context)
    let painted = ''
    let lastMs = performance.now()
    let request = 0
    const draw = (nowMs: number): void => {
      request = requestAnimationFrame(draw)
      const elapsedS = (nowMs - lastMs) / 1000
      if (elapsedS < FRAME_S * 0.9) return
      lastMs = nowMs
      const size = fit(canvas)
      const scene = sceneRef.current
      // What does not move is drawn when it changes.
      const key = `${scene.phase} ${scene.closed} ${scene.dark} ${size}`
      if ((still || forced) && key === painted) return
      painted = key
      if (forced) paintForced(context, size, scene.phase)
      else painter.paint({ ...scene, microphone: meters.microphone, assistant: meters.assistant, still }, size, Math.min(elapsedS, 0.1))
    }
    request = requestAnimationFrame(draw)
    return () => cancelAnimationFrame(request)
  }, [meters, still, forced])

  return <canvas ref={canvasRef} aria-hidden="true" className="aspect-square h-full min-h-0 max-w-full" />
}

/** The canvas in device pixels, two per CSS pixel at most. */
function fit(canvas: HTMLCanvasElement): number {
  const size = Math.max(1, Math.round(canvas.clientHeight * Math.min(globalThis.devicePixelRatio, 2)))
  if (canvas.width !== size || canvas.height !== size) {
    canvas.width = size
    canvas.height = size
  }
  return size
}
