import { type ReactNode, useCallback, useEffect, useState } from 'react'

import { Button } from '../../ui/button.tsx'
import { MicrophoneError } from '../audio/capture.ts'
import { type LevelTest, openLevelTest } from '../audio/sound-check.ts'
import type { Problem } from '../problems.ts'
import { useWords } from '../words/use-words.ts'
import { LevelMeter } from './level-meter.tsx'
import { ProblemCard } from './problem-card.tsx'

type Props = { readonly microphoneId: string | null; readonly onPermitted: () => void }

type Test =
  | { readonly status: 'off' }
  | { readonly status: 'asked' }
  | { readonly status: 'open'; readonly test: LevelTest }
  | { readonly status: 'failed'; readonly problem: Problem }

/** Opens the microphone for as long as its level is shown; nothing is sent anywhere. */
export function MicrophoneTest({ microphoneId, onPermitted }: Props): ReactNode {
  const words = useWords()
  const [wanted, setWanted] = useState(false)
  const [test, setTest] = useState<Test>({ status: 'off' })
  useEffect(() => {
    if (!wanted) return
    let over = false
    let opened: LevelTest | null = null
    const open = async (): Promise<void> => {
      setTest({ status: 'asked' })
      try {
        opened = await openLevelTest(microphoneId)
        if (over) opened.close()
        else setTest({ status: 'open', test: opened })
        onPermitted()
      } catch (error) {
        const code = error instanceof MicrophoneError ? error.problem : 'microphoneFailed'
        if (!over) setTest({ status: 'failed', problem: { code, detail: null } })
      }
    }
    void open()
    return () => {
      over = true
      opened?.close()
      setTest({ status: 'off' })
    }
  }, [wanted, microphoneId, onPermitted])
  const level = useCallback(() => (test.status === 'open' ? test.test.level() : 0), [test])
  return (
    <div>
      <Button className="w-full" aria-pressed={wanted} onClick={() => setWanted(!wanted)}>
        {wanted ? words.stopTest : words.testMicrophone}
      </Button>
      {test.status === 'open' ? <LevelMeter level={level} /> : null}
      {test.status === 'failed' ? <div className="mt-3"><ProblemCard problem={test.problem} /></div> : null}
    </div>
  )
}
