import { mkdtemp, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseNote, parseTrust, parseVkey, type Trust, verifyNote, verifyReceipt } from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import { openDirectory } from '../../packages/server/src/directory.ts'
import { readDirectoryFormat } from '../../packages/server/src/ledger/identity.ts'
import { SignerProcess } from '../../packages/server/src/ledger/signer-process.ts'
import { RemoteSigner } from '../../packages/server/src/ledger/signer-remote.ts'
import { type Clock, realClock } from '../../packages/server/src/platform/clock.ts'
import { type Disk, type DiskFile, realDisk } from '../../packages/server/src/platform/disk.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { LocalIntake } from '../../packages/server/src/recording/intake.ts'
import { type KeyChangeOptions, resumeRotations, rotateKey } from '../../packages/server/src/rotate-key.ts'
import { openTenant } from '../../packages/server/src/tenant.ts'
import { interposed } from '../platform/interposed-disk.ts'
import { loan, submission } from '../recording/open-tenant.ts'

interface Place {
  data: string
  signer: string
  /** A line to a signer outside the process, when there is one. */
  ask?: (line: string) => Promise<string>
}

/** Publishes at once; longer waits are as long as they are. */
const clock: Clock = { ...realClock, after: (ms, task) => realClock.after(ms < 500 ? 1 : ms, task) }

async function newPlace(): Promise<Place> {
  const root = await mkdtemp(join(tmpdir(), 'deponent-keys-'))
  return { data: join(root, 'data'), signer: join(root, 'signer') }
}

async function withSignerProcess(place: Place): Promise<Place> {
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
async function living<T>(
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
    directory.release()
  }
}

/** Records decisions in a life of their own; gives the saved answer. */
function record(place: Place, from: number, count: number): Promise<string> {
  return living(place, async (change) => {
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
async function trustNow(place: Place): Promise<Trust> {
  const { ledgers } = (await readDirectoryFormat(realDisk, place.data))!
  return parseTrust({ ledgers: [{ ...ledgers.default!, witnesses: [], quorum: 0, timestampRoots: [] }] })
}

const sizesOf = async (place: Place): Promise<string[]> =>
  (await readDirectoryFormat(realDisk, place.data))!.ledgers.default!.keys.map(
    ({ use, sizes }) => `${use} ${sizes}`,
  )

async function expectValid(place: Place, trust?: Trust, against: string[] = []): Promise<string[]> {
  const report = await checkDirectory(realDisk, place.data, { ...(trust && { trust }), against })
  expect(report.findings.filter(({ severity }) => severity !== 'info')).toEqual([])
  expect(report.verdict).toBe('valid')
  return report.findings.map(({ code }) => code)
}

describe.each([
  ['in the process', newPlace],
  ['of a signer outside', async () => withSignerProcess(await newPlace())],
])('a rotation of the checkpoint key %s', (_, make) => {
  test('is signed by both, and leads whoever trusted the old key to the new one', async () => {
    const place = await make()
    const early = await record(place, 0, 5)
    const old = await trustNow(place)
    const { from, previous, next } = await living(place, (change) => rotateKey(change, 'checkpoint'))
    expect(from).toBe(7)
    expect(await sizesOf(place)).toEqual(['checkpoint 0..7', 'promise 0..', 'checkpoint 7..'])
    const note = parseNote(await readFile(`${place.data}/ledgers/default/checkpoint`, 'utf8'))
    expect(verifyNote(note, [previous, next].map(parseVkey))).toHaveLength(2)
    expect((await readdir(`${place.data}/keyring`)).join()).not.toContain('.next')

    await record(place, 5, 5)
    expect(await expectValid(place)).toContain('trust_self')
    const codes = await expectValid(place, old, [early])
    expect(codes).toContain('trust_extended')
    expect(codes).not.toContain('trust_self')
    expect(verifyReceipt(early, old).verdict).toBe('valid')
  })

  test('can be followed by another', async () => {
    const place = await make()
    await record(place, 0, 1)
    const old = await trustNow(place)
    for (let i = 1; i <= 3; i += 1) {
      await living(place, (change) => rotateKey(change, 'checkpoint'))
      await record(place, i, 1)
    }
    expect((await expectValid(place, old)).filter((code) => code === 'trust_extended')).toHaveLength(3)
  })
})

test('a rotation of the promise key leads old trust to receipts of the new key, and keeps the old ones', async () => {
  const place = await newPlace()
  const early = await record(place, 0, 5)
  const old = await trustNow(place)
  await living(place, (change) => rotateKey(change, 'promise'))
  const late = await record(place, 5, 5)
  expect(await sizesOf(place)).toEqual(['checkpoint 0..', 'promise 0..7', 'promise 7..'])
  expect(await expectValid(place, old, [early, late])).toContain('trust_extended')
  const trust = await trustNow(place)
  expect(verifyReceipt(early, trust).verdict).toBe('valid')
  expect(verifyReceipt(late, trust).verdict).toBe('valid')
  expect(verifyReceipt(late, old).verdict).toBe('invalid')
})

test('a key that format.json names and no entry leads to makes a directory invalid', async () => {
  const place = await newPlace()
  await record(place, 0, 2)
  const path = `${place.data}/format.json`
  const text = await readFile(path, 'utf8')
  await realDisk.writeDurably(path, Buffer.from(text.replace('"sizes":"0.."', '"sizes":"1.."')))
  const { verdict, findings } = await checkDirectory(realDisk, place.data)
  expect(verdict).toBe('invalid')
  expect(findings.map(({ code }) => code)).toContain('format_damaged')
})

/** A disk whose process dies at its `last` call that changes something: that one happens, no later one does. */
function dyingAfter(last: number): { disk: Disk; hasDied(): boolean; bury(): Promise<unknown> } {
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

test.each(['checkpoint', 'promise'] as const)(
  'a rotation of the %s key that dies at any step is finished or was never begun, and nothing is lost',
  async (use) => {
    for (let last = 1, hasDied = true; hasDied; last += 1) {
      const place = await newPlace()
      await record(place, 0, 2)
      const old = await trustNow(place)
      const dying = dyingAfter(last)
      await living(place, (change) => rotateKey(change, use), dying.disk).catch(() => undefined)
      hasDied = dying.hasDied()
      await dying.bury()
      await record(place, 2, 2)
      await expectValid(place)
      await expectValid(place, old)
      expect((await readdir(`${place.data}/keyring`)).join()).not.toContain('.next')
      expect([2, 3]).toContain((await sizesOf(place)).length)
    }
  },
  120_000,
)
