/** Opens payloads with the keyring, commits to them again, and compares with the roots in their entries. */
import { type Finding, finding, FormatError } from '@deponent/format'
import type { Disk } from '../platform/disk.ts'
import { readDictionaries } from '../vault/dictionaries.ts'
import { readKeys } from '../vault/keyring.ts'
import { readRootKey } from '../vault/root-key.ts'
import {
  type Opening,
  type OpeningKeys,
  packedKeys,
  type RecordFacts,
  type SealedPayload,
} from './payload-opening.ts'
import { type PayloadThreads, payloadThreads } from './payload-threads.ts'

export interface PayloadPlace {
  disk: Disk
  keyringDirectory: string
  vaultDirectory: string
  ledger: string
  ledgerId: Uint8Array
}

export class PayloadCheck {
  readonly findings: Finding[] = []
  opened = 0
  unopened = 0
  /** Indices of entries sealed with keys that the keyring has not got to. */
  readonly #ahead: number[] = []
  readonly #threads: PayloadThreads

  private constructor(threads: PayloadThreads) {
    this.#threads = threads
  }

  /** Reads the keyring; without a root key sealed payloads stay unopened, which is said once. */
  static async open(place: PayloadPlace, threads: number): Promise<PayloadCheck> {
    const damage: Finding[] = []
    const keys = await readOpeningKeys(place, damage)
    const check = new PayloadCheck(payloadThreads(keys, threads))
    check.findings.push(...damage)
    return check
  }

  /** How many batches may be on their way at once. */
  get width(): number {
    return this.#threads.width
  }

  /** Opens payloads; what comes of them is not part of the check until it is given to `take`, in the order of the entries. */
  openAll(batch: readonly SealedPayload[]): Promise<Opening[]> {
    return this.#threads.open(batch)
  }

  /** Notes what came of a payload; gives what its record says when it could be opened. */
  take(index: number, opening: Opening): RecordFacts | undefined {
    if (opening === 'closed') this.unopened += 1
    else if (opening === 'ahead') this.#ahead.push(index)
    else if ('code' in opening) this.findings.push(opening)
    else {
      this.opened += 1
      return opening
    }
    return undefined
  }

  /** Says what is said once of all payloads: how many stayed closed, and how many the keyring is too old for. */
  finish(): void {
    if (this.#ahead.length > 0) {
      const message = `${this.#ahead.length} payloads are sealed with keys that this keyring does not reach`
      this.findings.push(finding('error', 'keyring_older', message, this.#ahead[0]))
    }
    if (this.unopened > 0) {
      this.findings.push(
        finding(
          'info',
          'payload_unopened',
          `${this.unopened} payloads were not opened: no root key was supplied`,
        ),
      )
    }
  }

  close(): Promise<void> {
    return this.#threads.close()
  }
}

/** The keys and dictionaries of a ledger, as far as they can be read; what is damaged goes to `damage`. */
async function readOpeningKeys(
  { disk, keyringDirectory, vaultDirectory, ledger, ledgerId }: PayloadPlace,
  damage: Finding[],
): Promise<OpeningKeys> {
  let keys: Uint8Array | undefined
  try {
    const root = await readRootKey(disk, keyringDirectory)
    if (!root) return { dictionaries: [] }
    const bytes = await disk.read(`${keyringDirectory}/${ledger}.keys`)
    keys = packedKeys(readKeys(bytes ?? new Uint8Array(0), root))
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
