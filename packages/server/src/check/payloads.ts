/** Opens payloads with the keyring, commits to them again, and compares with the roots in their entries. */
import { type CanonicalRecord, type Entry, type Finding, finding, FormatError } from '@deponent/format'
import type { Disk } from '../platform/disk.ts'
import { readDictionaries, type SystemDictionary } from '../vault/dictionaries.ts'
import { readKeys } from '../vault/keyring.ts'
import { readRootKey } from '../vault/root-key.ts'
import { frameHead, open } from '../vault/seal.ts'
import { recommit } from '../vault/vault.ts'

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
  readonly #keys: readonly Uint8Array[] | undefined
  /** Indices of entries sealed with keys that the keyring has not got to. */
  readonly #ahead: number[] = []
  readonly #dictionaries: readonly SystemDictionary[]

  private constructor(keys: readonly Uint8Array[] | undefined, dictionaries: readonly SystemDictionary[]) {
    this.#keys = keys
    this.#dictionaries = dictionaries
  }

  /** Reads the keyring; without a root key sealed payloads stay unopened, which is said once. */
  static async open({
    disk,
    keyringDirectory,
    vaultDirectory,
    ledger,
    ledgerId,
  }: PayloadPlace): Promise<PayloadCheck> {
    const damage: Finding[] = []
    let keys: readonly Uint8Array[] | undefined
    let dictionaries: readonly SystemDictionary[] = []
    try {
      const root = await readRootKey(disk, keyringDirectory)
      const bytes = await disk.read(`${keyringDirectory}/${ledger}.keys`)
      if (root) {
        keys = readKeys(bytes ?? new Uint8Array(0), root)
        dictionaries = await readDictionaries({ disk, directory: vaultDirectory, ledgerId, ledger, root })
      }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      const code = error.code === 'dictionary_damaged' ? 'dictionary_damaged' : 'keyring_damaged'
      damage.push(finding('error', code, error.message))
    }
    const check = new PayloadCheck(keys, dictionaries)
    check.findings.push(...damage)
    return check
  }

  /** Checks one payload; gives the record when it could be opened. */
  check(index: number, entry: Entry, frame: Uint8Array): CanonicalRecord | undefined {
    try {
      const { isPublic, keyNumbers } = frameHead(frame)
      if (!this.#keys && !isPublic) {
        this.unopened += 1
        return undefined
      }
      if (this.#keys && keyNumbers.some((number) => number >= this.#keys!.length)) {
        this.#ahead.push(index)
        return undefined
      }
      const opened = open(
        entry,
        frame,
        (number) => this.#keys?.[number],
        (number) => this.#dictionaries[number]?.bytes,
      )
      if (!opened) {
        this.findings.push(
          finding('error', 'payload_missing', 'a key that sealed this payload is not in the keyring', index),
        )
        return undefined
      }
      const record = recommit(entry, opened)
      this.opened += 1
      return record
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      this.findings.push(finding('error', 'payload_mismatch', error.message, index))
      return undefined
    }
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
}
