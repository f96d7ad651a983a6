// Loaded under /admin only.

import { type ReactNode, useCallback, useEffect, useState } from 'react'

import { Button } from '../ui/button.tsx'
import { saveFile } from '../ui/save-file.ts'
import { useStored } from '../ui/stored.ts'
import type { AccessToken } from '../voice/tickets.ts'
import { isLanguageChoice, languageOf } from '../voice/words/catalogue.ts'
import { dollars, seconds, whole } from '../voice/words/numbers.ts'
import { useLoadedWords } from '../voice/words/use-loaded-words.ts'
import { WordsContext } from '../voice/words/use-words.ts'
import { type Analytics, type Answer, hoursOf, type Period, type Recording } from './analytics.ts'
import { BarChart } from './charts.tsx'
import { RecordingView } from './recording-view.tsx'
import { ADMIN_WORDS, type AdminWords } from './words.ts'

const DAYS = 7
const REFRESH_MS = 10_000

type Props = { readonly accessToken: AccessToken; readonly now?: () => number }
type Loaded = { readonly analytics: Analytics; readonly recordings: readonly Recording[] }

/** How the assistant is used, for administrators. */
export function Dashboard({ accessToken, now = Date.now }: Props): ReactNode {
  const [choice] = useStored('ui.language', isLanguageChoice, 'system')
  const locale = languageOf(choice, navigator.languages)
  const words = ADMIN_WORDS[locale]
  const pageWords = useLoadedWords(locale)
  const [answer, setAnswer] = useState<Answer<Loaded> | null>(null)
  const load = useCallback(() => void loadAll(accessToken).then(setAnswer), [accessToken])
  useEffect(() => {
    load()
    const timer = setInterval(load, REFRESH_MS)
    return () => clearInterval(timer)
  }, [load])
  useEffect(() => {
    document.documentElement.lang = locale
    document.title = words.title
  }, [locale, words])
  const save = async (path: string, name: string, type: string): Promise<void> => {
    const response = await ask(accessToken, path)
    if (response?.ok) saveFile({ name, mimeType: type, content: await response.text() })
  }
  return (
    <main className="mx-auto flex max-w-5xl flex-col gap-6 p-5">
      <header className="flex flex-wrap items-baseline justify-between gap-3">
        <h1 className="font-serif text-2xl">{words.title}</h1>
        <a className="underline" href="/">{words.back}</a>
      </header>
      {answer?.status === 'forbidden' ? <p role="alert">{words.forbidden}</p> : null}
      {answer?.status === 'unavailable' ? (
        <div role="alert" className="flex flex-col items-start gap-3"><p>{words.unavailable}</p><Button onClick={load}>{words.retry}</Button></div>
      ) : null}
      {answer?.status === 'loaded' ? (
        <>
          <Totals analytics={answer.value.analytics} words={words} locale={locale} />
          <Charts analytics={answer.value.analytics} words={words} locale={locale} nowMs={now()} />
          <Shares analytics={answer.value.analytics} words={words} locale={locale} />
          <p><Button onClick={() => void save(`/api/analytics.csv?days=${DAYS}`, 'analytics.csv', 'text/csv')}>{words.download}</Button></p>
          <section aria-label={words.recordings}>
            <h2 className="mb-2 font-semibold">{words.recordings}</h2>
            <ul className="mb-4 flex flex-col gap-1 text-sm">
              {answer.value.recordings.map(({ sessionId, beganAtMs }) => (
                <li key={sessionId}>
                  <button type="button" className="min-h-8 underline" onClick={() => void save(`/api/recordings/${sessionId}`, `${sessionId}.jsonl`, 'application/x-ndjson')}>
                    {new Date(beganAtMs).toLocaleString(locale)} {sessionId}
                  </button>
                </li>
              ))}
            </ul>
            {pageWords ? <WordsContext value={pageWords}><RecordingView words={words} /></WordsContext> : null}
          </section>
        </>
      ) : null}
    </main>
  )
}

async function ask(accessToken: AccessToken, path: string): Promise<Response | null> {
  try {
    const token = await accessToken('known')
    return await fetch(path, { headers: token === null ? {} : { Authorization: `Bearer ${token}` } })
  } catch {
    return null
  }
}

async function loadAll(accessToken: AccessToken): Promise<Answer<Loaded>> {
  const [figures, list] = await Promise.all([ask(accessToken, `/api/analytics?days=${DAYS}`), ask(accessToken, '/api/recordings')])
  if (figures?.status === 403 || figures?.status === 401) return { status: 'forbidden' }
  if (!figures?.ok) return { status: 'unavailable' }
  const recordings = list?.ok ? ((await list.json()) as { readonly recordings: readonly Recording[] }).recordings : []
  return { status: 'loaded', value: { analytics: (await figures.json()) as Analytics, recordings } }
}

type Shown = { readonly analytics: Analytics; readonly words: AdminWords; readonly locale: string }

function Totals({ analytics: { liveSessions, places, total }, words, locale }: Shown): ReactNode {
  const span = (ms: number | null): string => (ms === null ? '–' : `${seconds(ms, locale)} s`)
  const facts = [
    [words.live, `${whole(liveSessions, locale)} / ${whole(places, locale)}`], [words.sessions, whole(total.sessions, locale)],
    [words.turns, whole(total.turns, locale)], [words.minutes, whole(total.minutes, locale)],
    [words.completion, total.completionPercent === null ? '–' : `${total.completionPercent.toLocaleString(locale)} %`],
    [words.firstAudio, span(total.firstAudioMs.p95)], [words.heard, span(total.heardMs.p95)], [words.cost, dollars(total.costUsd, locale)],
  ] as const
  return (
    <section aria-label={words.days(String(DAYS))}>
      <h2 className="mb-2 font-semibold">{words.days(String(DAYS))}</h2>
      <dl className="grid grid-cols-2 gap-2 text-center sm:grid-cols-4">
        {facts.map(([name, value]) => (
          <div key={name} className="flex flex-col-reverse rounded-2xl border border-line px-2 py-3">
            <dt className="text-xs text-soft">{name}</dt>
            <dd className="font-serif text-xl tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

function Charts({ analytics: { days, hours }, words, locale, nowMs }: Shown & { readonly nowMs: number }): ReactNode {
  const byDay = (title: string, of: (day: Period) => number, show: (value: number) => string): ReactNode => (
    <BarChart
      title={title} asTable={words.asTable} columns={[words.day, title]}
      bars={days.map((day) => ({ label: day.period, value: of(day), shown: show(of(day)) }))}
    />
  )
  return (
    <section aria-label={words.byDay} className="grid gap-4 sm:grid-cols-2">
      {byDay(words.turns, (day) => day.turns, (value) => whole(value, locale))}
      {byDay(words.minutes, (day) => day.minutes, (value) => whole(value, locale))}
      {byDay(words.completion, (day) => day.completionPercent ?? 0, (value) => `${value.toLocaleString(locale)} %`)}
      {byDay(words.heard, (day) => day.heardMs.p95 ?? day.firstAudioMs.p95 ?? 0, (value) => `${seconds(value, locale)} s`)}
      {byDay(words.cost, (day) => day.costUsd, (value) => dollars(value, locale))}
      <BarChart
        title={words.byHour} asTable={words.asTable} columns={[words.day, words.turns]}
        bars={hoursOf(hours, nowMs).map(({ hour, turns }) => ({ label: hour, value: turns, shown: whole(turns, locale) }))}
      />
    </section>
  )
}

function Shares({ analytics: { total }, words, locale }: Shown): ReactNode {
  const { completed, interrupted, unanswered, failed } = total
  const outcomes = { completed, interrupted, unanswered, failed }
  const lists = [
    [words.turns, Object.entries(outcomes).map(([name, count]) => [words.outcomes[name as keyof typeof outcomes], count] as const)],
    [words.languages, Object.entries(total.languages)], [words.errors, Object.entries(total.errors)],
  ] as const
  return (
    <div className="grid gap-4 sm:grid-cols-3">
      {lists.map(([title, entries]) => (
        <section key={title} aria-label={title} className="rounded-2xl border border-line p-4 text-sm">
          <h2 className="mb-2 font-semibold">{title}</h2>
          {entries.length === 0 ? <p className="text-soft">{words.none}</p> : null}
          <dl className="grid grid-cols-[1fr_auto] gap-x-4 gap-y-1 tabular-nums">
            {entries.map(([name, count]) => (
              <div key={name} className="contents"><dt>{name}</dt><dd className="text-end">{whole(count, locale)}</dd></div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  )
}
