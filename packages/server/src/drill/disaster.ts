/**
 * Loses a data directory and brings it back: decisions are recorded, people are erased, backups are made while the ledger runs, more is recorded
 * that no backup has, the directory is destroyed. What comes back is opened, read and verified, payload by payload. All of it happens in a
 * directory for the time being.
 */
import type { Verdict } from '@deponent/format'
import { makeBackup } from '../backup/backup.ts'
import { restoreBackup } from '../backup/restore.ts'
import { checkDirectory } from '../check/directory.ts'
import { realClock } from '../platform/clock.ts'
import type { Disk } from '../platform/disk.ts'
import { fileStore } from '../platform/file-store.ts'
import type { Random } from '../platform/random.ts'
import { filesBelow, makeScratch, removeScratch } from '../platform/scratch.ts'
import { rootBeside } from '../vault/root-source.ts'
import { DisasterLedger, LEDGER } from './disaster-ledger.ts'

/** Of the decisions, in hundredths: recorded between the two backups, and after the last. */
const BETWEEN = 5
const AFTER = 1
const LEAST = 20

export interface DisasterOptions {
  disk: Disk
  random: Random
  /** Recorded before the first backup. */
  decisions: number
  product: string
  threads?(entries: number): number
  onProgress?(what: string): void
}

export const DISASTER_STEPS = ['backup', 'second backup', 'restore', 'first record read', 'verify'] as const
export type DisasterStep = (typeof DISASTER_STEPS)[number]

export interface DisasterReport {
  /** Of what came back: of ledger and segments as they were put back, then of `verify` after the start that ended the erasures. */
  readonly verdict: Verdict
  /** Entries that had a receipt when the directory was destroyed, and those that came back; what lies between was in no backup. */
  readonly entriesBefore: number
  readonly entriesBack: number
  readonly payloadsOpened: number
  /** People erased: before the first backup, between the two, after the last; and of how many anything could be read afterwards. */
  readonly erased: number
  readonly readable: number
  /** Why the directory that came back takes no entries beside the state of its signer. */
  readonly refusal: string | undefined
  /** Bytes of the directory without its index, of all objects, of the second backup alone, of the copy of the keyring. */
  readonly bytes: {
    readonly directory: number
    readonly backup: number
    readonly secondBackup: number
    readonly keyring: number
  }
  readonly ms: Readonly<Record<DisasterStep, number>>
}

/** Whether everything is as it must be after a disaster. */
export function hasComeBack({ verdict, readable, refusal }: DisasterReport): boolean {
  return verdict === 'valid' && readable === 0 && refusal === 'ledger_behind'
}

export async function holdDisaster(options: DisasterOptions): Promise<DisasterReport> {
  const scratch = await makeScratch('deponent-disaster')
  try {
    return await new Disaster(options, scratch).run()
  } finally {
    await removeScratch(scratch)
  }
}

class Disaster {
  readonly #options: DisasterOptions
  readonly #data: string
  readonly #signer: string
  readonly #scratch: string
  readonly #ms: Record<DisasterStep, number>

  constructor(options: DisasterOptions, scratch: string) {
    this.#options = options
    this.#scratch = scratch
    this.#data = `${scratch}/data`
    this.#signer = `${scratch}/signer`
    this.#ms = { backup: 0, 'second backup': 0, restore: 0, 'first record read': 0, verify: 0 }
  }

  async run(): Promise<DisasterReport> {
    const { decisions } = this.#options
    const ledger = await this.#open(this.#signer, false)
    await ledger.record(decisions)
    await ledger.erase(1)
    await this.#timed('backup', () => this.#backUp())
    await ledger.record(share(decisions, BETWEEN))
    await ledger.erase(2)
    const second = await this.#timed('second backup', () => this.#backUp())
    await ledger.record(share(decisions, AFTER))
    await ledger.erase(3)
    const { size: entriesBefore } = ledger
    const indices = ledger.indicesOfErased()
    await ledger.close()
    const directory = await bytesBelow(this.#options.disk, this.#data)
    this.#tell('destroying the directory')
    await removeScratch(this.#data)
    const restored = await this.#timed('restore', () => this.#restore())
    const refusal = await this.#refusal()
    const readable = await this.#readableBy(indices)
    const { verdict, checked } = await this.#timed('verify', () => this.#verify())
    return {
      verdict: restored.check.verdict === 'valid' ? verdict : restored.check.verdict,
      entriesBefore,
      entriesBack: restored.ledgers[0]!.size,
      payloadsOpened: checked.payloads,
      erased: indices.length,
      readable,
      refusal,
      bytes: {
        directory,
        backup: await bytesBelow(this.#options.disk, `${this.#scratch}/backup`),
        secondBackup: second.newBytes,
        keyring: second.keyringBytes,
      },
      ms: this.#ms,
    }
  }

  #tell(what: string): void {
    this.#options.onProgress?.(what)
  }

  async #timed<T>(step: DisasterStep, work: () => Promise<T>): Promise<T> {
    this.#tell(step)
    const from = realClock.monotonicMs()
    const result = await work()
    this.#ms[step] = Math.round(realClock.monotonicMs() - from)
    return result
  }

  #open(signerDirectory: string, acceptHead: boolean): Promise<DisasterLedger> {
    const { disk, random } = this.#options
    const onProgress = (what: string): void => this.#tell(what)
    return DisasterLedger.open({ disk, random, data: this.#data, signerDirectory, acceptHead, onProgress })
  }

  #backUp(): ReturnType<typeof makeBackup> {
    const { disk, product, random } = this.#options
    return makeBackup({
      disk,
      clock: realClock,
      random,
      data: this.#data,
      root: rootBeside(`${this.#data}/keyring`),
      to: fileStore(`${this.#scratch}/backup`),
      keyringTo: fileStore(`${this.#scratch}/keyring`),
      signerDirectory: this.#signer,
      product,
    })
  }

  #restore(): ReturnType<typeof restoreBackup> {
    const { disk, random, threads } = this.#options
    return restoreBackup({
      disk,
      clock: realClock,
      random,
      data: this.#data,
      from: fileStore(`${this.#scratch}/backup`),
      keyringFrom: fileStore(`${this.#scratch}/keyring`),
      signerDirectory: this.#signer,
      ...(threads && { threads }),
    })
  }

  #verify(): ReturnType<typeof checkDirectory> {
    const { disk, threads } = this.#options
    return checkDirectory(disk, this.#data, { ...(threads && { threads }) })
  }

  /** Beside its own signer the directory is an older copy. */
  async #refusal(): Promise<string | undefined> {
    const ledger = await this.#open(this.#signer, false)
    const { refusal } = ledger
    await ledger.close()
    return refusal
  }

  /** As if the signer's state were lost too, and the operator had accepted the head. Of how many of the erased something can be read. */
  async #readableBy(indices: readonly number[][]): Promise<number> {
    const { ledger, first } = await this.#timed('first record read', async () => {
      const opened = await this.#open(`${this.#scratch}/signer-lost`, true)
      return { ledger: opened, first: await opened.read(FIRST_DECISION) }
    })
    if (first === undefined) throw new Error(`the first decision of ledger ${LEDGER} cannot be read`)
    let readable = 0
    for (const theirs of indices) {
      const found = await Promise.all(theirs.map((index) => ledger.read(index)))
      if (found.some((record) => record !== undefined)) readable += 1
    }
    await ledger.close()
    return readable
  }
}

/** Behind the record that declares the system. */
const FIRST_DECISION = 1

const share = (decisions: number, hundredths: number): number =>
  Math.max(LEAST, Math.round((decisions * hundredths) / 100))

async function bytesBelow(disk: Disk, directory: string): Promise<number> {
  let bytes = 0
  for (const path of await filesBelow(directory)) bytes += (await disk.size(`${directory}/${path}`)) ?? 0
  return bytes
}
