/** What of a decision is open in this tab, for which purpose and until when; nothing of it outlasts its time. */
import { useCallback, useEffect, useState } from 'react'
import type { DecisionDocument } from '../api.ts'
import { send } from '../client.ts'
import { currentLedger } from '../session/state.ts'

export interface Revealed {
  readonly purpose: string
  readonly fields: readonly string[] | 'all'
  /** When it is covered again, by the clock of this browser. */
  readonly until: number
  readonly decision: DecisionDocument
}

export interface Revealing {
  readonly revealed: Revealed | undefined
  /** Milliseconds until it is covered again. */
  readonly leftMs: number
  readonly open: (purpose: string, fields: readonly string[] | 'all') => Promise<void>
  readonly cover: () => void
}

/** Opens fields of a decision for a purpose and covers them again when the time is over. */
export function useRevealed(id: string): Revealing {
  const [revealed, setRevealed] = useState<Revealed>()
  const cover = useCallback(() => setRevealed(undefined), [])
  const leftMs = useLeft(revealed?.until, cover)
  const open = async (purpose: string, fields: readonly string[] | 'all') => {
    setRevealed(await fetchRevealed(id, purpose, fields))
  }
  return { revealed, leftMs, open, cover }
}

async function fetchRevealed(
  id: string,
  purpose: string,
  fields: readonly string[] | 'all',
): Promise<Revealed> {
  const query = fields === 'all' ? '' : `?${new URLSearchParams({ reveal: fields.join(',') })}`
  const path = `/v1/decisions/${encodeURIComponent(id)}${query}`
  // Each opening is recorded, so it happens exactly when the reader asks, and no cache keeps it.
  const response = await send(path, { purpose, ledger: currentLedger(), cache: 'no-store' })
  const decision = (await response.json()) as DecisionDocument
  const until = untilHere(decision.reveal?.until, response.headers.get('date'), Date.now())
  return { purpose, fields, decision, until }
}

/** The end of a reveal by the clock of this browser, whatever that clock says: the time the server gives, from now. */
export function untilHere(until: string | undefined, date: string | null, now: number): number {
  if (until === undefined) return now
  const serverNow = date === null ? Number.NaN : Date.parse(date)
  return now + (Date.parse(until) - (Number.isNaN(serverNow) ? now : serverNow))
}

/** How long until a moment, second by second; calls back when it is over, also after a sleep. */
function useLeft(until: number | undefined, over: () => void): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    if (until === undefined) return
    const tick = () => {
      setNow(Date.now())
      if (Date.now() >= until) over()
    }
    tick()
    const timer = setInterval(tick, 1_000)
    document.addEventListener('visibilitychange', tick)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', tick)
    }
  }, [until, over])
  return until === undefined ? 0 : Math.max(0, until - now)
}
