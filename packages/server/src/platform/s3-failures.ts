/** What S3, or the way to it, says of a failure, in our words. Nothing it said is repeated: it names accounts, people and keys. */
import {
  BUSY,
  DAMAGED,
  DENIED,
  LATE,
  NO_OBJECT,
  ofSilence,
  ofStatus,
  OWN,
  PAST,
  type Said,
  said,
  SIGNATURE,
  TOO_LARGE,
  UNKNOWN_CALLER,
} from './store-failures.ts'

const NO_BUCKET = said('not_found', 'has no such bucket')
const ELSEWHERE = said('refused', 'says that the bucket is in another region (region= after its address)')

/** The names are those of the service's documentation; some answers have only a status. */
const REASONS: Readonly<Record<string, Said>> = {
  AccessDenied: DENIED,
  AllAccessDisabled: said('denied', 'denies it to everybody'),
  InvalidAccessKeyId: UNKNOWN_CALLER,
  UnrecognizedClientException: UNKNOWN_CALLER,
  InvalidToken: UNKNOWN_CALLER,
  ExpiredToken: said('denied', 'says that the credentials have expired'),
  SignatureDoesNotMatch: SIGNATURE,
  RequestTimeTooSkewed: SIGNATURE,
  CredentialsProviderError: said(
    'denied',
    'cannot be asked: no credentials are configured (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, say)',
  ),
  NoSuchBucket: NO_BUCKET,
  NoSuchKey: NO_OBJECT,
  NoSuchVersion: said('not_found', 'has no such version'),
  NotFound: NO_OBJECT,
  PreconditionFailed: PAST,
  ConditionalRequestConflict: PAST,
  BadDigest: DAMAGED,
  InvalidDigest: DAMAGED,
  XAmzContentSHA256Mismatch: DAMAGED,
  IncompleteBody: DAMAGED,
  NotImplemented: said('not_supported', 'does not know how to do what it is asked'),
  MethodNotAllowed: said('not_supported', 'does not know how to do what it is asked'),
  InvalidRetentionPeriod: said('refused', 'takes no lock that is over'),
  InvalidBucketState: said('not_supported', 'has a bucket that takes no locks'),
  PermanentRedirect: ELSEWHERE,
  AuthorizationHeaderMalformed: ELSEWHERE,
  QuotaExceeded: said('refused', 'has no room left'),
  EntityTooLarge: TOO_LARGE,
  SlowDown: BUSY,
  ServiceUnavailable: BUSY,
  Throttling: BUSY,
  ThrottlingException: BUSY,
  TooManyRequestsException: BUSY,
  InternalError: OWN,
  TimeoutError: LATE,
  RequestTimeout: LATE,
}

/** The service's own name of a failure; '' when it has none. */
export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}

/** The status of the answer that was a failure; undefined when there was no answer. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('$metadata' in error)) return undefined
  const { $metadata: metadata } = error
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined
}

export function reasonOf(error: unknown): Said {
  const known = REASONS[nameOf(error)]
  if (known) return known
  if (error instanceof Error && error.message === 'Region is missing')
    return said(
      'refused',
      'cannot be asked: no region is configured (region= after its address, or AWS_REGION)',
    )
  const status = statusOf(error)
  if (status !== undefined && status >= 300) return ofStatus(status)
  const code = error instanceof Error && 'code' in error ? String(error.code) : nameOf(error)
  return ofSilence(code)
}
