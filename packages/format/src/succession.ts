/**
 * What the first entry of a ledger says when it takes the place of another, whose key was lost or is no longer believed, or whose
 * hash is: all that the other held, fixed in this one's own terms.
 *
 *   digest = SHA-256(0x14 ‖ u64 size ‖ SHA-256(bundle 0) ‖ SHA-256(bundle 1) ‖ …)
 *
 * Bundle n is the entry tile n as it is served: up to 256 entries, each `u16 length ‖ entry`; the last may hold fewer.
 */
import { concatBytes, toHex, u64be } from './bytes.ts'
import { Field } from './document.ts'
import { sha256 } from './hash/sha256.ts'

const TAG = Uint8Array.of(0x14)

/** The ledger that was succeeded, as it ended. */
export interface Succeeded {
  readonly origin: string
  /** Number of entries it held, whether or not a checkpoint covered them. */
  readonly size: number
  /** Hex RFC 6962 root of those entries. */
  readonly root: string
  /** Hex digest over its bundles. */
  readonly digest: string
  /** Its last signed checkpoint, or null when there was none. */
  readonly checkpoint: string | null
}

/** The hex digest over the bundles of a ledger of `size` entries, from the SHA-256 of each. */
export function digestOfBundles(size: number, bundleHashes: readonly Uint8Array[]): string {
  return toHex(sha256(concatBytes(TAG, u64be(size), ...bundleHashes)))
}

/** The `succeeds` member of a `key.succeeded` record; FormatError 'bad_succession' when it is malformed. */
export function parseSucceeded(json: unknown): Succeeded {
  const document = Field.document(json, 'bad_succession').only(
    'origin',
    'size',
    'root',
    'digest',
    'checkpoint',
  )
  const checkpoint = document.field('checkpoint')
  return {
    origin: document.field('origin').text(),
    size: document.field('size').position(),
    root: document.field('root').text(),
    digest: document.field('digest').text(),
    checkpoint: checkpoint.isNull ? null : checkpoint.text(),
  }
}
