/** Why somebody reads recorded content, and the record of it. */
import type { CanonicalRecord } from '@deponent/format'
import type { Tenant } from '../../tenant.ts'
import { Problem } from '../problem.ts'

const PURPOSE_CHARACTERS_MAX = 500

/** The purpose a reader states, undefined when it states none. */
export function purposeOf(request: Request): string | undefined {
  const purpose = request.headers.get('deponent-purpose')?.trim() ?? ''
  if (purpose.length > PURPOSE_CHARACTERS_MAX) {
    throw new Problem(400, 'too_long', `a purpose has at most ${PURPOSE_CHARACTERS_MAX} characters`, {
      field: 'Deponent-Purpose',
    })
  }
  return purpose === '' ? undefined : purpose
}

/** Records that content was read or exported and why; durable before the content leaves, which it does not otherwise. */
export async function recordAccess({ recorder }: Tenant, access: CanonicalRecord): Promise<void> {
  try {
    await recorder.recordOwn('access', { ...access, accessBasis: 'role', basis: 'observed' })
  } catch {
    throw new Problem(
      503,
      'access_unrecordable',
      'this reading cannot be recorded, so nothing is shown',
      {},
      { 'Retry-After': '30' },
    )
  }
}
