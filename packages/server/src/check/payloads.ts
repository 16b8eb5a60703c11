/** What payloads are opened with, and what opening all of them came to. */
import { type Finding, finding, FormatError } from '@deponent/format'
import type { Disk } from '../platform/disk.ts'
import { readDictionaries } from '../vault/dictionaries.ts'
import { readRootKey } from '../vault/root-key.ts'
import { readKeys } from '../vault/stored-keyring.ts'
import { type OpeningKeys, packedKeys } from './payload-opening.ts'
import type { OpenedPayloads } from './stretch.ts'

export interface PayloadPlace {
  disk: Disk
  keyringDirectory: string
  vaultDirectory: string
  ledger: string
  ledgerId: Uint8Array
}

export class PayloadTally {
  readonly findings: Finding[] = []
  opened = 0
  #closed = 0
  #ahead = 0
  #firstAhead: number | undefined

  /** Takes what came of the next payloads. */
  take({ findings, opened, closed, ahead }: OpenedPayloads): void {
    this.findings.push(...findings)
    this.opened += opened
    this.#closed += closed
    this.#ahead += ahead.length
    this.#firstAhead ??= ahead[0]
  }

  /** Says what is said once of all payloads: how many stayed closed, and how many the keyring is too old for. */
  finish(): void {
    if (this.#ahead > 0) {
      const message = `${this.#ahead} payloads are sealed with keys that this keyring does not reach`
      this.findings.push(finding('error', 'keyring_older', message, this.#firstAhead))
    }
    if (this.#closed > 0) {
      this.findings.push(
        finding(
          'info',
          'payload_unopened',
          `${this.#closed} payloads were not opened: no root key was supplied`,
        ),
      )
    }
  }
}

/**
 * The keys and dictionaries of a ledger, as far as they can be read; what is damaged goes to `damage`. Without a root key sealed payloads
 * stay unopened.
 */
export async function readOpeningKeys(
  { disk, keyringDirectory, vaultDirectory, ledger, ledgerId }: PayloadPlace,
  damage: Finding[],
): Promise<OpeningKeys> {
  let keys: Uint8Array | undefined
  try {
    const root = await readRootKey(disk, keyringDirectory)
    if (!root) return { dictionaries: [] }
    keys = packedKeys(await readKeys({ disk, directory: keyringDirectory, ledger }, root))
    return {
      keys,
      dictionaries: await readDictionaries({ disk, directory: vaultDirectory, ledgerId, ledger, root }),
    }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    const code = error.code === 'dictionary_damaged' ? 'dictionary_damaged' : 'keyring_damaged'
    damage.push(finding('error', code, error.message))
    return { ...(keys && { keys }), dictionaries: [] }
  }
}
