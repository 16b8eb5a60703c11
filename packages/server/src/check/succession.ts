/** The link between a ledger and the one it succeeded: what the first entry says, held against what is here. */
import { createHash } from 'node:crypto'
import {
  type CanonicalRecord,
  digestOfBundles,
  encodeEntryTile,
  type Finding,
  finding,
  FormatError,
  fromUtf8,
  parseSucceeded,
  type Succeeded,
  TILE_WIDTH,
  toHex,
} from '@deponent/format'
import type { DirectoryFormat } from '../ledger/identity.ts'
import { ledgerIdOf } from '../ledger/wal-frame.ts'
import type { Disk } from '../platform/disk.ts'
import { LedgerWalk } from './ledger-walk.ts'

/** A ledger as it lies in a directory of its own; FormatError with the first damage when it is not whole. */
export async function describeLedger(disk: Disk, directory: string, origin: string): Promise<Succeeded> {
  const ledgerId = ledgerIdOf(origin)
  const { expectedSize: size } = await LedgerWalk.open(disk, directory, ledgerId, [])
  const walk = await LedgerWalk.open(disk, directory, ledgerId, [size])
  for await (const block of walk.entries()) void block
  const damage = walk.findings.find(({ severity }) => severity === 'error')
  if (damage || walk.size !== size)
    throw new FormatError(
      'ledger_damaged',
      `the ledger to succeed is damaged: ${damage?.code ?? 'entry_missing'}`,
    )
  const hashes: Uint8Array[] = []
  for (let from = 0; from < size; from += TILE_WIDTH) {
    const bundle = encodeEntryTile(await walk.range(from, Math.min(from + TILE_WIDTH, size)))
    hashes.push(createHash('sha256').update(bundle).digest())
  }
  const note = await disk.read(`${directory}/checkpoint`)
  const root = walk.roots.get(size) ?? createHash('sha256').digest()
  const checkpoint = note ? fromUtf8(note) : null
  return { origin, size, root: toHex(root), digest: digestOfBundles(size, hashes), checkpoint }
}

/** Whether the ledger a `key.succeeded` record speaks of is here, and is what the record says. */
export async function successionFindings(
  disk: Disk,
  path: string,
  { ledgers }: DirectoryFormat,
  { succeeds }: CanonicalRecord,
): Promise<Finding[]> {
  try {
    const said = parseSucceeded(succeeds)
    const name = Object.keys(ledgers).find((each) => ledgers[each]!.origin === said.origin)
    if (name === undefined) return [finding('gap', 'succession_missing', undefined, 0)]
    const found = await describeLedger(disk, `${path}/ledgers/${name}`, said.origin)
    const differing = (['size', 'root', 'digest', 'checkpoint'] as const).filter(
      (part) => found[part] !== said[part],
    )
    return differing.map((part) =>
      finding(
        'error',
        'succession_mismatch',
        `the ${part} of ledger ${name} is not what its successor recorded`,
        0,
      ),
    )
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return [finding('error', 'succession_mismatch', error.message, 0)]
  }
}
