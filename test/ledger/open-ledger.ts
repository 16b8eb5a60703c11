import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Follower } from '../../packages/server/src/ledger/follower.ts'
import type { Draft, LedgerOptions } from '../../packages/server/src/ledger/ledger.ts'
import { Ledger } from '../../packages/server/src/ledger/ledger.ts'
import { Signer } from '../../packages/server/src/ledger/signer.ts'
import { SigningKey } from '../../packages/server/src/ledger/signing-key.ts'
import { realClock } from '../../packages/server/src/platform/clock.ts'
import { type Disk, realDisk } from '../../packages/server/src/platform/disk.ts'
import { entryIdOf } from '../../packages/server/src/recording/entry-id.ts'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'

export const ORIGIN = 'deponent.invalid/00000000/test'
export const checkpointKey = new SigningKey(ORIGIN, new Uint8Array(32).fill(1))
export const promiseKey = new SigningKey(`${ORIGIN}/promise`, new Uint8Array(32).fill(2))

/** A follower that keeps everything in memory and calls it durable when flushed. */
export class MemoryFollower implements Follower {
  readonly name = 'memory'
  readonly attachments: Uint8Array[] = []
  #durable = 0

  durable(): number {
    return this.#durable
  }

  apply(frame: { first: number; attachments: readonly Uint8Array[] }): void {
    frame.attachments.forEach((bytes, i) => {
      this.attachments[frame.first + i] = bytes
    })
  }

  flush(): Promise<void> {
    this.#durable = this.attachments.length
    return Promise.resolve()
  }
}

export interface Place {
  directory: string
  signerDirectory: string
}

export async function newPlace(): Promise<Place> {
  const root = await mkdtemp(join(tmpdir(), 'deponent-ledger-'))
  return { directory: join(root, 'ledger'), signerDirectory: join(root, 'signer') }
}

/** Opens the ledger of a place as the server would; each call is one life of the process. */
export async function openLedger(place: Place, changes: Partial<LedgerOptions> = {}): Promise<Ledger> {
  const disk: Disk = changes.disk ?? realDisk
  return Ledger.open({
    disk,
    clock: realClock,
    directory: place.directory,
    origin: ORIGIN,
    promiseKey,
    signer: await Signer.open(disk, place.signerDirectory, checkpointKey, ORIGIN),
    followers: [],
    ...changes,
  })
}

const random = new SeededRandom('drafts')

/** Drafts as the recorder would make them; `attachmentBytes` each. */
export function drafts(count: number, attachmentBytes = 100): Draft[] {
  return Array.from({ length: count }, () => ({
    id: entryIdOf(Date.now(), random.bytes(10)),
    kind: 'decision',
    system: 's1',
    retention: 'unset',
    payload: { c: 1 as const, leaves: 3, root: Buffer.from(random.bytes(32)).toString('hex') },
    attachment: random.bytes(attachmentBytes),
  }))
}
