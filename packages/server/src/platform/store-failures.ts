/** Failures of stores in our words: what every service can say, whatever its own names for it. */
import type { StoreFailureCode } from './object-store.ts'

/** A failure in our words: what follows the name of the store in a sentence. */
export interface Said {
  readonly code: StoreFailureCode
  readonly what: string
}

export const said = (code: StoreFailureCode, what: string): Said => ({ code, what })

export const DENIED = said('denied', 'denies it to the credentials in use')
export const UNKNOWN_CALLER = said('denied', 'does not know the credentials in use')
export const SIGNATURE = said(
  'denied',
  'does not accept the signature: wrong secret, or a clock that is wrong',
)
export const DAMAGED = said('damaged_on_the_way', 'says that the bytes were changed on the way')
export const BUSY = said('unreachable', 'is asked too often')
export const OWN = said('unreachable', 'has a failure of its own')
export const LATE = said('unreachable', 'does not answer in time')
export const NO_OBJECT = said('not_found', 'has no such object')
export const PAST = said('exists', 'has an object of that key')
export const LOCKED = said('locked', 'keeps the object locked')
export const TOO_LARGE = said('refused', 'takes no object of that size')
export const SENSELESS = said('refused', 'gave an answer that says nothing')

/** Of an answer with a status and no name that is known. */
export function ofStatus(status: number): Said {
  if (status === 401 || status === 403) return DENIED
  if (status === 404) return NO_OBJECT
  if (status === 412) return PAST
  if (status === 413) return TOO_LARGE
  if (status === 429) return BUSY
  if (status === 408) return LATE
  if (status >= 500) return OWN
  return said('refused', `does not take what it is asked (HTTP ${status})`)
}

/** Of an exchange that ended without an answer; `code` is what the operating system or the runtime calls it. */
export function ofSilence(code: string): Said {
  return said('unreachable', /^\w{1,64}$/.test(code) ? `does not answer: ${code}` : 'does not answer')
}
