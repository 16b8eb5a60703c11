/**
 * The access key of this browser tab.
 *
 * - It arrives in the fragment of the link the server prints, which no browser sends anywhere.
 * - It is out of the address bar before anything else runs, and lives in sessionStorage: it goes with the tab.
 */
const STORED_UNDER = 'deponent.key'

const listeners = new Set<() => void>()
let refused = false

/** Takes `#key=…` out of the address bar and keeps the key. Call once, before the router starts. */
export function adoptKeyFromAddress(): void {
  const key = new URLSearchParams(location.hash.slice(1)).get('key')
  if (key === null) return
  history.replaceState(history.state, '', location.pathname + location.search)
  keepKey(key)
}

/** The key to send, or null when none is known. */
export function currentKey(): string | null {
  return sessionStorage.getItem(STORED_UNDER)
}

/** Whether the last key was refused by the server. */
export function wasRefused(): boolean {
  return refused
}

/** Keeps a key for this tab. */
export function keepKey(key: string): void {
  refused = false
  sessionStorage.setItem(STORED_UNDER, key)
  announce()
}

/** Forgets the key; `because` says whether the server refused it or the reader locked the page. */
export function forgetKey(because: 'refused' | 'locked'): void {
  refused = because === 'refused'
  sessionStorage.removeItem(STORED_UNDER)
  announce()
}

/** Calls back whenever the key changes; answers how to stop that. */
export function onKeyChange(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function announce(): void {
  for (const listener of listeners) listener()
}
