/** What payloads are opened with, and what opening all of them came to. */
import { type Finding, finding, FormatError } from '@deponent/format'
import type { Disk } from '../platform/disk.ts'
import { readDictionaries } from '../vault/dictionaries.ts'
import { readMasterKey } from '../vault/master-key.ts'
import { rootBeside, RootKeyMissing, type RootSource } from '../vault/root-source.ts'
import { readKeys } from '../vault/stored-keyring.ts'
import { type OpeningKeys, packedKeys } from './payload-opening.ts'
import type { OpenedPayloads } from './stretch.ts'

export interface PayloadPlace {
  disk: Disk
  keyringDirectory: string
  vaultDirectory: string
  ledger: string
  ledgerId: Uint8Array
  /** Where the root key is; beside what it opens when absent. */
  root?: RootSource | undefined
}

export class PayloadTally {
  readonly findings: Finding[] = []
  opened = 0
  #closed = 0
  #ahead = 0
  #firstAhead: number | undefined
  #altered = 0
  #firstAltered: number | undefined

  /** Takes what came of the next payloads. */
  take({ findings, opened, closed, ahead, altered }: OpenedPayloads): void {
    this.findings.push(...findings)
    this.opened += opened
    this.#closed += closed
    this.#ahead += ahead.length
    this.#firstAhead ??= ahead[0]
    this.#altered += altered.length
    this.#firstAltered ??= altered[0]
  }

  /** Says what is said once of all payloads: how many stayed closed, and how many the keyring is too old for. */
  finish(): void {
    if (this.#ahead > 0) {
      const message = `${this.#ahead} payloads are sealed with keys that this keyring does not reach`
      this.findings.push(finding('error', 'keyring_older', message, this.#firstAhead))
    }
    if (this.#altered > 0) {
      const message = `${this.#altered} numbered records are not the ones their emitters hashed: a policy replaced or left out values`
      const code = 'emitter_content_altered_by_policy'
      this.findings.push(finding('info', code, message, this.#firstAltered))
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
  place: PayloadPlace,
  master: Uint8Array | undefined,
  damage: Finding[],
): Promise<OpeningKeys> {
  const { disk, keyringDirectory, vaultDirectory, ledger, ledgerId } = place
  if (!master) return { dictionaries: [] }
  let keys: Uint8Array | undefined
  try {
    keys = packedKeys(await readKeys({ disk, directory: keyringDirectory, ledger, ledgerId }, master))
    return {
      keys,
      dictionaries: await readDictionaries({ disk, directory: vaultDirectory, ledgerId, ledger, master }),
    }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    const code = error.code === 'dictionary_damaged' ? 'dictionary_damaged' : 'keyring_damaged'
    damage.push(finding('error', code, error.message))
    return { ...(keys && { keys }), dictionaries: [] }
  }
}

/**
 * The master key; undefined when the root key was not supplied, or the key is damaged, which goes to `damage`. Rejects with
 * KeyServiceFailure when the root key is kept by a service that does not help.
 */
export async function readSuppliedMaster(
  place: PayloadPlace,
  damage: Finding[],
): Promise<Uint8Array | undefined> {
  try {
    return await suppliedMaster(place)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    damage.push(finding('error', 'keyring_damaged', error.message))
    return undefined
  }
}

/** The master key, undefined when the root key was not supplied; FormatError `keyring_damaged`. */
async function suppliedMaster({
  disk,
  keyringDirectory,
  ledger,
  root,
}: PayloadPlace): Promise<Uint8Array | undefined> {
  const source = root ?? rootBeside(keyringDirectory)
  try {
    const master = await readMasterKey(disk, keyringDirectory, source)
    if (master) return master.key
  } catch (error) {
    if (error instanceof RootKeyMissing) return undefined
    throw error
  }
  // A copy without a keyring is what an auditor gets; subject keys without what they are wrapped under are a loss.
  const isSupplied = source.kind !== 'file' || (await disk.size(source.path)) !== undefined
  const hasKeys = (await disk.size(`${keyringDirectory}/${ledger}.keys`)) !== undefined
  if (isSupplied && hasKeys) throw new FormatError('keyring_damaged', 'master.key is missing')
  return undefined
}
