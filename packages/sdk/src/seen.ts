/*
 * Remembers the last checkpoint the server showed and shows it back with every request, so that a server restored from an old
 * copy learns of a head it forgot; and notices when the server shows a ledger that is shorter, or another, than before. It holds
 * no key: what it reports is for people, who keep both texts, to judge.
 */
import type { OnError } from './issue.ts'

interface Checkpoint {
  /** The signed note in base64, as it came. */
  note: string
  origin: string
  size: number
  root: string
}

export class Seen {
  readonly #onError: OnError
  #last: Checkpoint | undefined

  constructor(onError: OnError) {
    this.#onError = onError
  }

  headers(): Record<string, string> {
    return this.#last === undefined ? {} : { 'deponent-seen': this.#last.note }
  }

  /** Takes the header `Deponent-Checkpoint` of an answer. */
  take(header: string | null): void {
    const now = header === null ? undefined : checkpointOf(header)
    if (now === undefined) return
    const before = this.#last
    if (before === undefined || follows(before, now)) this.#last = now
    // The longer ledger is remembered: it is what the server must answer for.
    else this.#report(before, now)
  }

  #report(before: Checkpoint, now: Checkpoint): void {
    const message = `the server showed a ledger of ${before.size} entries and now another of ${now.size}: keep both checkpoints`
    this.#onError({ code: 'contradiction', message, before: before.note, now: now.note })
  }
}

/** Whether the later checkpoint may be of the same ledger, as far as two texts can tell. */
function follows(before: Checkpoint, now: Checkpoint): boolean {
  if (now.origin !== before.origin || now.size < before.size) return false
  return now.size > before.size || now.root === before.root
}

function checkpointOf(note: string): Checkpoint | undefined {
  try {
    const [origin, size, root] = atob(note).split('\n')
    if (!origin || root === undefined || !/^\d{1,15}$/.test(size ?? '')) return undefined
    return { note, origin, size: Number(size), root }
  } catch {
    return undefined
  }
}
