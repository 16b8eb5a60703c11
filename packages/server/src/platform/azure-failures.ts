/** What Azure Blob Storage says of a failure, in our words. Nothing it said is repeated: it names accounts and requests. */
import {
  BUSY,
  DAMAGED,
  DENIED,
  LATE,
  LOCKED,
  NO_OBJECT,
  ofStatus,
  OWN,
  PAST,
  type Said,
  said,
  SIGNATURE,
  TOO_LARGE,
} from './store-failures.ts'

export const NO_CREDENTIALS = said(
  'denied',
  'cannot be asked: no credentials are configured (AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN)',
)

const NO_CONTAINER = said('not_found', 'has no such container')
const CANNOT = said('not_supported', 'does not know how to do what it is asked')

/** The names are those of the service's documentation. */
const REASONS: Readonly<Record<string, Said>> = {
  AuthenticationFailed: SIGNATURE,
  InvalidAuthenticationInfo: SIGNATURE,
  AccountIsDisabled: said('denied', 'says that the account is disabled'),
  AuthorizationFailure: DENIED,
  AuthorizationPermissionMismatch: DENIED,
  AuthorizationServiceMismatch: DENIED,
  AuthorizationResourceTypeMismatch: DENIED,
  AuthorizationSourceIPMismatch: DENIED,
  AuthorizationProtocolMismatch: DENIED,
  InsufficientAccountPermissions: DENIED,
  ContainerNotFound: NO_CONTAINER,
  ContainerBeingDeleted: NO_CONTAINER,
  ContainerDisabled: NO_CONTAINER,
  BlobNotFound: NO_OBJECT,
  ResourceNotFound: NO_OBJECT,
  BlobAlreadyExists: PAST,
  UnauthorizedBlobOverwrite: PAST,
  ConditionNotMet: PAST,
  BlobImmutableDueToPolicy: LOCKED,
  BlobImmutableDueToLegalHold: LOCKED,
  ContainerImmutabilityPolicyLocked: LOCKED,
  Md5Mismatch: DAMAGED,
  InvalidMd5: DAMAGED,
  RequestBodyTooLarge: TOO_LARGE,
  FeatureVersionMismatch: CANNOT,
  UnsupportedHeader: CANNOT,
  UnsupportedHttpVerb: CANNOT,
  ServerBusy: BUSY,
  InternalError: OWN,
  OperationTimedOut: LATE,
}

/** The service's own name of a failure is in a header, also where there is no body. */
export function nameOfAzure(headers: Headers): string {
  return headers.get('x-ms-error-code') ?? ''
}

export function azureReason(status: number, name: string): Said {
  return REASONS[name] ?? ofStatus(status)
}
