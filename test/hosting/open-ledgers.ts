import { expect } from 'vitest'
import { openDirectory } from '../../packages/server/src/directory.ts'
import { HostedLedgers, type HostingOptions } from '../../packages/server/src/hosting/hosted-ledgers.ts'
import type { HostedLedger } from '../../packages/server/src/hosting/hosted-ledger.ts'
import { Indexes, type StartsProjections } from '../../packages/server/src/hosting/indexes.ts'
import { Signers, type SignerSockets } from '../../packages/server/src/hosting/signers.ts'
import { type Clock, realClock } from '../../packages/server/src/platform/clock.ts'
import { type Disk, realDisk } from '../../packages/server/src/platform/disk.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import type { Projection } from '../../packages/server/src/projection/index.ts'
import type { Envelope } from '../../packages/server/src/recording/envelope.ts'
import { LocalIntake } from '../../packages/server/src/recording/intake.ts'
import { type Place, submission } from '../recording/open-tenant.ts'

/** Publishes at once; longer waits are as long as they are. */
export const clock: Clock = { ...realClock, after: (ms, task) => realClock.after(ms < 500 ? 1 : ms, task) }

/** No index: what is recorded and proven does not depend on one. */
const noIndex: StartsProjections = {
  start: () =>
    Promise.resolve({
      lag: () => 0,
      tiers: () => undefined,
      erase: () => Promise.resolve(),
      stop: () => Promise.resolve(),
    } as unknown as Projection),
}

export interface HostingOfTests {
  disk?: Disk
  sockets?: SignerSockets
  localForOthers?: boolean
  outside?: HostingOptions['outside']
  offsite?: HostingOptions['offsite']
  clock?: Clock
  acceptHead?: boolean
  /** With the real engine; without it nothing is indexed. */
  isIndexed?: boolean
}

export interface Hosting {
  ledgers: HostedLedgers
  told: string[]
  close(): Promise<void>
}

/** One life of the ledgers of a server on a place; `close` ends it in order. */
export async function openLedgers(place: Place, options: HostingOfTests = {}): Promise<Hosting> {
  const {
    disk = realDisk,
    sockets = new Map(),
    localForOthers = false,
    isIndexed = false,
    outside,
    offsite,
  } = options
  const directory = await openDirectory(realDisk, realRandom, place.data)
  const told: string[] = []
  const diagnose = (message: string, details?: object): void => {
    told.push(`${message} ${JSON.stringify(details)}`)
  }
  try {
    const ledgers = await HostedLedgers.open({
      disk,
      clock: options.clock ?? clock,
      random: realRandom,
      directory,
      signerDirectory: place.signer,
      signers: new Signers({ clock, sockets, localForOthers }),
      indexes: isIndexed ? new Indexes({ directory, diagnose }) : noIndex,
      acceptHead: options.acceptHead ?? false,
      outside,
      offsite,
      scrubDays: 7,
      intake: (start) => new LocalIntake(start, realRandom),
      diagnose,
    })
    const close = async (): Promise<void> => {
      try {
        await ledgers.close()
      } finally {
        await directory.release()
      }
    }
    return { ledgers, told, close }
  } catch (error) {
    await directory.release()
    throw error
  }
}

/** Records in a ledger what must be kept. */
export async function record(
  { tenant }: HostedLedger,
  ...values: Record<string, unknown>[]
): Promise<Envelope> {
  const envelope = await tenant.recorder.record(values.map((value, i) => submission(value, i)))
  expect(envelope.errors).toEqual([])
  return envelope
}

export const namesOf = (ledgers: HostedLedgers): string[] => ledgers.all().map(({ name }) => name)
