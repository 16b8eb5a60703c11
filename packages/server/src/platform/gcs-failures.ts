/** What Google Cloud Storage says of a failure, in our words. Nothing it said is repeated: it names accounts, projects and buckets. */
import {
  BUSY,
  DAMAGED,
  DENIED,
  LOCKED,
  NO_OBJECT,
  ofStatus,
  OWN,
  PAST,
  type Said,
  said,
  UNKNOWN_CALLER,
} from './store-failures.ts'

export const NO_BUCKET = said('not_found', 'has no such bucket')

/** The names are those of the service's documentation. */
const REASONS: Readonly<Record<string, Said>> = {
  authError: UNKNOWN_CALLER,
  required: UNKNOWN_CALLER,
  forbidden: DENIED,
  insufficientPermissions: DENIED,
  accountDisabled: said('denied', 'says that the account is disabled'),
  notFound: NO_OBJECT,
  conditionNotMet: PAST,
  retentionPolicyNotMet: LOCKED,
  objectUnderActiveHold: LOCKED,
  rateLimitExceeded: BUSY,
  userRateLimitExceeded: BUSY,
  quotaExceeded: said('refused', 'has no room left'),
  backendError: OWN,
  internalError: OWN,
}

/** A failure by the status and the text of the answer, which is JSON or a sentence. */
export function gcsReason(status: number, text: string): Said {
  if (status === 404 && text.includes('bucket does not exist')) return NO_BUCKET
  if (status === 400 && text.includes('MD5')) return DAMAGED
  const reason = /"reason"\s*:\s*"(\w{1,64})"/.exec(text)?.[1] ?? ''
  return REASONS[reason] ?? ofStatus(status)
}
