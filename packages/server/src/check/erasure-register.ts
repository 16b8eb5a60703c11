/** Which erasures of a ledger were begun and are not completed, by the register of them. */
import { type Finding, finding, FormatError, toHex } from '@deponent/format'
import { deriveKey } from '../vault/root-key.ts'
import { notesIn, openNote } from '../vault/sealed-journal.ts'
import type { PayloadPlace } from './payloads.ts'

/** The part of an erasure that says how far it has come. */
interface Standing {
  readonly id: string
  readonly plan?: { readonly indices?: unknown }
  readonly isRepeated?: true
  readonly outcome?: unknown
}

/**
 * How many were begun and are not completed; 0 without the master key, for the register is sealed. What is damaged goes to `damage`, with or
 * without it.
 */
export async function unfinishedErasures(
  { disk, keyringDirectory, ledger, ledgerId }: PayloadPlace,
  master: Uint8Array | undefined,
  damage: Finding[],
): Promise<number> {
  const bytes = await disk.read(`${keyringDirectory}/${ledger}.erasures`)
  if (!bytes) return 0
  try {
    // A last note that was not finished was never acted upon, as a torn frame of keys is never used.
    const { sealed } = notesIn(bytes)
    if (!master) return 0
    const key = deriveKey(master, `deponent/erasures/v1/${toHex(ledgerId)}`)
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

/** One that waits for somebody has erased nothing yet; the keys of one that is repeated on an older copy are gone before all else. */
function isUnfinished({ isRepeated, plan, outcome }: Standing): boolean {
  return (plan?.indices !== undefined || isRepeated === true) && outcome === undefined
}
