/** Why nobody is signed in, in words. */
import type { Shut } from './state.ts'

const WAIT_MS = 30_000

/** A refusal of a key that was shown just now. */
export function refusedKey(
  status: number,
  code: string,
  retryAfterMs: number | undefined,
  now: number,
): Shut {
  if (status === 429 || code === 'locked_out') {
    const waitUntil = now + (retryAfterMs ?? WAIT_MS)
    return { words: 'Too many wrong keys came from this address. No key is looked at for now.', waitUntil }
  }
  if (code === 'key_expired') return { words: 'This key has expired. Ask whoever made it for another.' }
  if (code === 'key_revoked') return { words: 'This key was revoked.' }
  return {
    words:
      'The server does not take this key. It may be mistyped, expired, revoked, or belong to another server; which of these is not told.',
  }
}

/** A session that was there and is no longer. */
export function endedSession(expiresAt: string | null, now: number): Shut {
  if (expiresAt !== null && Date.parse(expiresAt) <= now) return { words: 'Your session has expired.' }
  return {
    words:
      'Your session has ended: it was locked in another tab, was not used for too long, or its key was revoked.',
  }
}

/** 95 → 1:35. */
export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
