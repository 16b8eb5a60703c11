/** Which erasures of a ledger were begun and are not completed, by the register of them. */
import { type Finding, finding, FormatError } from '@deponent/format'
import type { Disk } from '../platform/disk.ts'
import { deriveKey, readRootKey } from '../vault/root-key.ts'
import { openNote, readSealedNotes } from '../vault/sealed-journal.ts'

const UNFINISHED_NOTE = 'the register of erasures ends in a note that was never finished'

/** The part of an erasure that says how far it has come. */
interface Standing {
  readonly id: string
  readonly plan?: { readonly indices?: unknown }
  readonly outcome?: unknown
}

/**
 * How many were begun and are not completed; 0 without a root key, for the register is sealed. What is damaged goes to `damage`, with or
 * without it.
 */
export async function unfinishedErasures(
  disk: Disk,
  keyringDirectory: string,
  ledger: string,
  damage: Finding[],
): Promise<number> {
  const bytes = await disk.read(`${keyringDirectory}/${ledger}.erasures`)
  if (!bytes) return 0
  try {
    const { sealed, end } = readSealedNotes(bytes)
    if (end < bytes.length) damage.push(finding('gap', 'keyring_damaged', UNFINISHED_NOTE))
    const root = await readRootKey(disk, keyringDirectory)
    if (!root) return 0
    const key = deriveKey(root, `deponent/erasures/v0/${ledger}`)
    const latest = new Map<string, Standing>()
    for (const note of sealed) {
      const standing = JSON.parse(openNote(key, note)) as Standing
      latest.set(standing.id, standing)
    }
    return [...latest.values()].filter(isUnfinished).length
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    damage.push(finding('error', 'keyring_damaged', error.message))
    return 0
  }
}

/** One that waits for somebody has erased nothing yet. */
function isUnfinished({ plan, outcome }: Standing): boolean {
  return plan?.indices !== undefined && outcome === undefined
}
