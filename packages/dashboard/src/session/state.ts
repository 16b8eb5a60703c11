/**
 * Who is signed in, in this tab. The session itself is a cookie that no script can read; what is known of it lives in memory only:
 * a reload asks the server again.
 */
import { useSyncExternalStore } from 'react'
import type { Action, Session } from './shape.ts'

/** Why nobody is signed in. */
export interface Shut {
  readonly words: string
  /** Until when no key is looked at, Unix milliseconds. */
  readonly waitUntil?: number
}

export type Door =
  | { readonly phase: 'asking' }
  | { readonly phase: 'shut'; readonly why?: Shut }
  /** The server could not say. */
  | { readonly phase: 'unknown'; readonly error: Error }
  | {
      readonly phase: 'open'
      readonly session: Session
      /** The ledger that was asked for by name; undefined when none was. */
      readonly asked: string | undefined
    }

let door: Door = { phase: 'asking' }
let purpose: string | undefined
const watchers = new Set<() => void>()
const staleWatchers = new Set<() => void>()

/** Who is signed in. */
export function currentDoor(): Door {
  return door
}

export function setDoor(next: Door): void {
  door = next
  if (next.phase === 'shut') purpose = undefined
  announce()
}

/** The session; undefined while nobody is signed in. */
export function currentSession(): Session | undefined {
  return door.phase === 'open' ? door.session : undefined
}

/** The ledger whose views are shown; empty while nobody is signed in. */
export function currentLedger(): string {
  return currentSession()?.ledger ?? ''
}

/** What everything is read for, where a key reads for stated purposes only. */
export function standingPurpose(): string | undefined {
  return purpose
}

export function setStandingPurpose(next: string | undefined): void {
  purpose = next
  announce()
}

/** Says that the cookie is another one than this tab thinks. */
export function sessionIsStale(): void {
  for (const watcher of staleWatchers) watcher()
}

export function onStaleSession(watcher: () => void): void {
  staleWatchers.add(watcher)
}

function watch(changed: () => void): () => void {
  watchers.add(changed)
  return () => watchers.delete(changed)
}

function announce(): void {
  for (const watcher of watchers) watcher()
}

export function useDoor(): Door {
  return useSyncExternalStore(watch, currentDoor)
}

/** The session of a view, which is shown to those signed in only. */
export function useSession(): Session {
  const now = useDoor()
  if (now.phase !== 'open') throw new Error('This view is for somebody signed in.')
  return now.session
}

export function useStandingPurpose(): string | undefined {
  return useSyncExternalStore(watch, standingPurpose)
}

/** Whether the policy lets the reader do something; the server decides anyway. */
export function useMay(): (action: Action) => boolean {
  const now = useDoor()
  return (action) => now.phase === 'open' && now.session.actions.includes(action)
}

/** The same outside of a component. */
export function may(action: Action): boolean {
  return currentSession()?.actions.includes(action) === true
}
