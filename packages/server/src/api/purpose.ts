/**
 * What somebody says they look for, in the header `Deponent-Purpose`: as it is, or, because a header carries ASCII only, as
 * `UTF-8''` and percent-encoded UTF-8 (the form of RFC 8187).
 */
import type { Caller } from '../access/caller.ts'
import { Problem } from './problem.ts'

const PURPOSE_CHARACTERS_MAX = 500

/** The purpose stated, undefined when none is. @throws Problem for one this key may not state */
export function purposeOf(request: Request, { purposes }: Caller): string | undefined {
  const purpose = decoded(request.headers.get('deponent-purpose')?.trim() ?? '').trim()
  if (purpose.length > PURPOSE_CHARACTERS_MAX) {
    throw new Problem(400, 'too_long', `a purpose has at most ${PURPOSE_CHARACTERS_MAX} characters`, {
      field: 'Deponent-Purpose',
    })
  }
  if (purpose === '') return undefined
  if (purposes && !purposes.includes(purpose))
    throw new Problem(403, 'purpose_not_allowed', 'this key is made for other purposes; see /v1/session')
  return purpose
}

const ENCODED = /^utf-8''/i

function decoded(header: string): string {
  if (!ENCODED.test(header)) return header
  try {
    return decodeURIComponent(header.replace(ENCODED, ''))
  } catch {
    throw new Problem(400, 'bad_value', "after UTF-8'' comes percent-encoded UTF-8", {
      field: 'Deponent-Purpose',
    })
  }
}

export function purposeRequired(detail: string, members: Record<string, unknown> = {}): Problem {
  return new Problem(403, 'purpose_required', detail, members)
}
