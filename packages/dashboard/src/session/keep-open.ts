/** A session that is used goes on: the server issues it again when it is asked who this is. A page left alone does not ask. */
import { resume } from './begin.ts'
import { currentSession } from './state.ts'

const EVERY_MS = 5 * 60_000

/** Renews the session while somebody works here. Call once. */
export function keepOpenWhileUsed(): void {
  let renewedAt = Date.now()
  const used = () => {
    if (currentSession() === undefined || Date.now() - renewedAt < EVERY_MS) return
    renewedAt = Date.now()
    void resume()
  }
  // Another tab may have signed in as somebody else while this one was not looked at.
  addEventListener('focus', () => {
    if (currentSession() !== undefined) void resume()
  })
  addEventListener('pointerdown', used)
  addEventListener('keydown', used)
}
