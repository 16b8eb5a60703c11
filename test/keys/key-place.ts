import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseTrust, type Trust } from '@deponent/format'
import { expect } from 'vitest'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import { openDirectory } from '../../packages/server/src/directory.ts'
import { readDirectoryFormat } from '../../packages/server/src/ledger/identity.ts'
import { SignerProcess } from '../../packages/server/src/ledger/signer-process.ts'
import { RemoteSigner } from '../../packages/server/src/ledger/signer-remote.ts'
import { type Clock, realClock } from '../../packages/server/src/platform/clock.ts'
import { type Disk, type DiskFile, realDisk } from '../../packages/server/src/platform/disk.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { LocalIntake } from '../../packages/server/src/recording/intake.ts'
import { type KeyChangeOptions, resumeRotations } from '../../packages/server/src/rotate-key.ts'
import { resumeSuccession } from '../../packages/server/src/succeed-ledger.ts'
import { openTenant } from '../../packages/server/src/tenant.ts'
import { interposed } from '../platform/interposed-disk.ts'
import { loan, submission } from '../recording/open-tenant.ts'

export interface Place {
  data: string
  signer: string
  /** A line to a signer outside the process, when there is one. */
  ask?: (line: string) => Promise<string>
}

/** Publishes at once; longer waits are as long as they are. */
const clock: Clock = { ...realClock, after: (ms, task) => realClock.after(ms < 500 ? 1 : ms, task) }

export async function newPlace(): Promise<Place> {
  const root = await mkdtemp(join(tmpdir(), 'deponent-keys-'))
  return { data: join(root, 'data'), signer: join(root, 'signer') }
}

export async function withSignerProcess(place: Place): Promise<Place> {
  const signer = await SignerProcess.open({
    disk: realDisk,
    random: realRandom,
    directory: place.data,
    ledger: 'default',
    state: place.signer,
  })
  return { ...place, ask: (line) => signer.answer(line) }
}

/** Takes the directory for one life. */
export async function living<T>(
  place: Place,
  work: (change: KeyChangeOptions) => Promise<T>,
  disk: Disk = realDisk,
): Promise<T> {
  const directory = await openDirectory(realDisk, realRandom, place.data)
  try {
    const remoteSigner = place.ask && (await RemoteSigner.connect(place.ask))
    const { signer: signerDirectory } = place
    return await work({
      disk,
      clock,
      random: realRandom,
      directory,
      ledger: 'default',
      signerDirectory,
      remoteSigner,
    })
  } finally {
    await directory.release()
  }
}

/** Records decisions in a life of their own; gives the saved answer. */
export function record(place: Place, from: number, count: number): Promise<string> {
  return living(place, async (change) => {
    await resumeSuccession(change)
    await resumeRotations(change)
    const tenant = await openTenant({
      ...change,
      ledgerName: 'default',
      acceptHead: false,
      intake: (secrets) => new LocalIntake(secrets, realRandom),
      onStop: () => undefined,
    })
    const loans = Array.from({ length: count }, (_, i) => submission(loan(from + i), i))
    const answer = JSON.stringify(await tenant.recorder.record(loans))
    await tenant.close()
    return answer
  })
}

/** What somebody noted down of the directory's keys. */
export async function trustNow(place: Place): Promise<Trust> {
  const { ledgers } = (await readDirectoryFormat(realDisk, place.data))!
  return parseTrust({ ledgers: [{ ...ledgers.default!, witnesses: [], quorum: 0, timestampRoots: [] }] })
}

export const sizesOf = async (place: Place): Promise<string[]> =>
  (await readDirectoryFormat(realDisk, place.data))!.ledgers.default!.keys.map(
    ({ use, sizes }) => `${use} ${sizes}`,
  )

export async function expectValid(place: Place, trust?: Trust, against: string[] = []): Promise<string[]> {
  const report = await checkDirectory(realDisk, place.data, { ...(trust && { trust }), against })
  expect(report.findings.filter(({ severity }) => severity !== 'info')).toEqual([])
  expect(report.verdict).toBe('valid')
  return report.findings.map(({ code }) => code)
}

/** A disk whose process dies at its `last` call that changes something: that one happens, no later one does. */
export function dyingAfter(last: number): { disk: Disk; hasDied(): boolean; bury(): Promise<unknown> } {
  let calls = 0
  const opened: DiskFile[] = []
  const alive = <T>(act: () => Promise<T>): Promise<T> => {
    calls += 1
    return calls > last ? Promise.reject(new Error('the process is gone')) : act()
  }
  const disk = interposed(
    realDisk,
    {
      write: (path, bytes) => alive(() => realDisk.write(path, bytes)),
      writeDurably: (path, bytes, mode) => alive(() => realDisk.writeDurably(path, bytes, mode)),
      rename: (from, to) => alive(() => realDisk.rename(from, to)),
      remove: (path) => alive(() => realDisk.remove(path)),
    },
    (file) => {
      opened.push(file)
      // The zeros a log file is filled with are many and all alike.
      const write: DiskFile['write'] = (bytes, position) =>
        bytes[0] === 0 && calls <= last
          ? file.write(bytes, position)
          : alive(() => file.write(bytes, position))
      return { write }
    },
  )
  const bury = (): Promise<unknown> => Promise.allSettled(opened.map((file) => file.close()))
  return { disk, hasDied: () => calls > last, bury }
}
