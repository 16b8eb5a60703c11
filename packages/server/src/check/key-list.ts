/** The keys a directory names, held against what its ledger says about them. */
import { type Finding, finding, readRotation, type ShownRotation } from '@deponent/format'
import type { LedgerKey } from '../ledger/identity.ts'
import { nativeVerify } from '../ledger/signing-key.ts'

/** A finding for each key that counts from a later size than 0 without an entry, signed by the key before it, that says so. */
export function keyListFindings(keys: readonly LedgerKey[], shown: readonly ShownRotation[]): Finding[] {
  const rotations = shown.flatMap((entry) => readRotation(entry, nativeVerify) ?? [])
  return keys
    .filter(({ sizes }) => !sizes.startsWith('0..'))
    .filter(
      ({ vkey, use, sizes }) =>
        !rotations.some(
          (rotation) =>
            rotation.next === vkey &&
            rotation.use === use &&
            sizes.startsWith(`${rotation.from}..`) &&
            keys.some((key) => key.vkey === rotation.previous && key.sizes.endsWith(`..${rotation.from}`)),
        ),
    )
    .map(({ use, sizes }) =>
      finding(
        'error',
        'format_damaged',
        `no entry leads to the ${use} key format.json names for sizes ${sizes}`,
      ),
    )
}
