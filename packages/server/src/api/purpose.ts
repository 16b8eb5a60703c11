/**
 * What somebody says they look for, in the header `Deponent-Purpose`: as it is, or, because a header carries ASCII only, as
 * `UTF-8''` and percent-encoded UTF-8 (the form of RFC 8187).
 */
import type { Caller } from '../access/caller.ts'
import { Problem } from './problem.ts'

const PURPOSE_CHARACTERS_MAX = 500
const RECIPIENT_CHARACTERS_MAX = 500

/** The purpose stated, undefined when none is. @throws Problem for one this key may not state */
export function purposeOf(request: Request, { purposes }: Caller): string | undefined {
  const purpose = wordsOf(request, 'Deponent-Purpose', PURPOSE_CHARACTERS_MAX)
  if (purpose === undefined) return undefined
  if (purposes && !purposes.includes(purpose))
    throw new Problem(403, 'purpose_not_allowed', 'this key is made for other purposes; see /v1/session')
  return purpose
}

/** To whom what is exported goes, when it goes to somebody outside: they are told when it is erased. Spelled like a purpose. */
export function recipientOf(request: Request): string | undefined {
  return wordsOf(request, 'Deponent-Recipient', RECIPIENT_CHARACTERS_MAX)
}

function wordsOf(request: Request, header: string, charactersMax: number): string | undefined {
  const words = decoded(request.headers.get(header)?.trim() ?? '', header).trim()
  if (words.length > charactersMax)
    throw new Problem(400, 'too_long', `expected at most ${charactersMax} characters`, { field: header })
  return words === '' ? undefined : words
}

const ENCODED = /^utf-8''/i

function decoded(header: string, field: string): string {
  if (!ENCODED.test(header)) return header
  try {
    return decodeURIComponent(header.replace(ENCODED, ''))
  } catch {
    throw new Problem(400, 'bad_value', "after UTF-8'' comes percent-encoded UTF-8", { field })
  }
}

export function purposeRequired(detail: string, members: Record<string, unknown> = {}): Problem {
  return new Problem(403, 'purpose_required', detail, members)
}
