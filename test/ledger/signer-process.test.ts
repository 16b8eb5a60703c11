import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseCheckpoint, parseNote, parseVkey, verifyNote } from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { Ledger } from '../../packages/server/src/ledger/ledger.ts'
import { RemoteSigner } from '../../packages/server/src/ledger/signer-remote.ts'
import { SignerProcess } from '../../packages/server/src/ledger/signer-process.ts'
import { encodeFrame, ledgerIdOf } from '../../packages/server/src/ledger/wal-frame.ts'
import { TestClock } from '../../packages/server/src/platform/clock.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { askLocal, listenLocal } from '../../packages/server/src/platform/local-socket.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { drafts, MemoryFollower, ORIGIN, promiseKey } from './open-ledger.ts'

interface House {
  data: string
  state: string
}

async function newHouse(): Promise<House> {
  const root = await mkdtemp(join(tmpdir(), 'deponent-signer-'))
  return { data: join(root, 'data'), state: join(root, 'state') }
}

const signerOf = ({ data, state }: House): Promise<SignerProcess> =>
  SignerProcess.open({ disk: realDisk, random: realRandom, directory: data, ledger: 'test', state })

/** A line to a signer that can be taken down and put up again, as a process can. */
class Line {
  signer: SignerProcess | undefined
  readonly ask = (line: string): Promise<string> =>
    this.signer ? this.signer.answer(line) : Promise.reject(new Error('nobody listens'))
}

async function newLine(house: House): Promise<Line> {
  const line = new Line()
  line.signer = await signerOf(house)
  return line
}

interface Life {
  ledger: Ledger
  clock: TestClock
  remote: RemoteSigner
  trouble: (string | undefined)[]
}

async function openWith(house: House, line: Line, acceptHead = false): Promise<Life> {
  const remote = await RemoteSigner.connect(line.ask)
  await remote.adopt(ORIGIN)
  const clock = new TestClock()
  const trouble: (string | undefined)[] = []
  const ledger = await Ledger.open({
    disk: realDisk,
    clock,
    directory: `${house.data}/ledgers/test`,
    origin: ORIGIN,
    promiseKey,
    signer: remote,
    acceptHead,
    followers: [new MemoryFollower()],
    walFileBytes: 64 * 4_096,
    onSignerTrouble: (what) => trouble.push(what),
  })
  return { ledger, clock, remote, trouble }
}

/** Lets the publication that is due happen. */
async function publish({ ledger, clock }: Life): Promise<void> {
  const covered = ledger.published(ledger.size, 60_000)
  clock.advance(1_000)
  await covered
}

const sizeOf = (note: string | undefined): number => parseCheckpoint(parseNote(note!).text).size

const walOf = ({ data }: House): string => `${data}/ledgers/test/wal`

describe('a signer in a process of its own', () => {
  test('signs what it read and hashed itself, under a key the server never sees', async () => {
    const house = await newHouse()
    const life = await openWith(house, await newLine(house))
    for (let i = 0; i < 9; i += 1) {
      await life.ledger.append(drafts(100))
      await publish(life)
    }
    const note = parseNote(life.ledger.checkpoint!.note)
    expect(sizeOf(life.ledger.checkpoint!.note)).toBe(900)
    expect(verifyNote(note, [parseVkey(life.remote.identity!.vkey)])).toHaveLength(1)
    expect((await readdir(house.data, { recursive: true })).join()).not.toContain('.key')
    expect((await stat(`${house.state}/test.checkpoint.key`)).mode & 0o777).toBe(0o600)
    await life.ledger.close()
  })

  test('goes on where it was after a restart of its own, and after one of the server', async () => {
    const house = await newHouse()
    const line = await newLine(house)
    const life = await openWith(house, line)
    await life.ledger.append(drafts(600))
    await publish(life)
    line.signer = await signerOf(house)
    await life.ledger.append(drafts(600))
    await publish(life)
    await life.ledger.close()
    const next = await openWith(house, line)
    await next.ledger.append(drafts(600))
    await publish(next)
    line.signer = await signerOf(house)
    await next.ledger.append(drafts(1))
    await publish(next)
    expect(sizeOf(next.ledger.checkpoint!.note)).toBe(1_801)
    expect(next.ledger.refusal).toBeUndefined()
    await next.ledger.close()
  })

  test('that is down stops checkpoints and not records; they follow when it is back', async () => {
    const house = await newHouse()
    const line = await newLine(house)
    const life = await openWith(house, line)
    const { signer } = line
    line.signer = undefined
    const appended = await life.ledger.append(drafts(3))
    expect(appended.promise).toContain('\n0 3\n')
    life.clock.advance(200)
    await expect.poll(() => life.ledger.signerTrouble?.message).toBe('nobody listens')
    await life.ledger.append(drafts(3))
    expect(life.ledger.checkpoint?.size ?? 0).toBe(0)
    line.signer = signer
    await publish(life)
    expect(sizeOf(life.ledger.checkpoint!.note)).toBe(6)
    expect(life.ledger.signerTrouble).toBeUndefined()
    expect(life.trouble).toEqual(['nobody listens', undefined])
    await life.ledger.close()
  })

  test('refuses entries that were edited on disk before it signed them, whatever their checksums say', async () => {
    const house = await newHouse()
    const life = await openWith(house, await newLine(house))
    await life.ledger.append(drafts(2))
    await publish(life)
    await life.ledger.append(drafts(1))
    const [name] = await readdir(walOf(house))
    const path = `${walOf(house)}/${name}`
    const bytes = await readFile(path)
    // The last frame once more with another entry in it: a chain of good checksums, as an insider would make it.
    const at = [...Array(20).keys()]
      .map((i) => i * 4_096)
      .findLast((i) => bytes.toString('latin1', i, i + 8) === 'DPNFRAM0')!
    const [draft] = drafts(1)
    const entry = new TextEncoder().encode(`{"id":"${draft!.id}"}`)
    const forged = encodeFrame(
      { first: 2, entries: [entry], attachments: [new Uint8Array(9)] },
      {
        ledgerId: ledgerIdOf(ORIGIN),
        generation: Number(name!.slice(0, 8)),
        number: 1,
        previous: bytes.subarray(at + 64, at + 96),
      },
    )
    bytes.set(forged.padded, at)
    await writeFile(path, bytes)
    life.clock.advance(200)
    await expect.poll(() => life.ledger.refusal?.code).toBe('signing_refused')
    expect(life.ledger.refusal!.message).toBe('stored bytes do not hash to the root at size 3')
    expect(sizeOf(life.remote.head()!.note)).toBe(2)
    await life.ledger.close()
  })

  test('refuses a directory whose log was cut', async () => {
    const house = await newHouse()
    const life = await openWith(house, await newLine(house))
    await life.ledger.append(drafts(2))
    for (const name of await readdir(walOf(house))) await rm(`${walOf(house)}/${name}`)
    life.clock.advance(200)
    await expect.poll(() => life.ledger.refusal?.message).toBe('storage holds 0 of 2 entries')
    await life.ledger.close()
  })

  test('knows that a directory was put back, and one that was made anew', async () => {
    const house = await newHouse()
    const line = await newLine(house)
    const life = await openWith(house, line)
    await life.ledger.append(drafts(5))
    await publish(life)
    await life.ledger.close()
    await rm(house.data, { recursive: true })
    line.signer = await signerOf(house)
    const { ledger } = await openWith(house, line)
    expect(ledger.refusal?.code).toBe('ledger_behind')
    await ledger.close()
  })

  test('without its state signs nothing before the operator accepts the head', async () => {
    const house = await newHouse()
    const line = await newLine(house)
    const life = await openWith(house, line)
    await life.ledger.append(drafts(300))
    await publish(life)
    await life.ledger.close()
    for (const name of await readdir(house.state))
      if (/^[0-9a-f]{64}$/.test(name)) await rm(`${house.state}/${name}`)
    line.signer = await signerOf(house)
    const refused = await openWith(house, line)
    expect(refused.ledger.refusal?.code).toBe('signer_state_missing')
    await refused.ledger.close()
    const accepted = await openWith(house, line, true)
    expect(accepted.ledger.refusal).toBeUndefined()
    await accepted.ledger.append(drafts(1))
    await publish(accepted)
    expect(sizeOf(accepted.ledger.checkpoint!.note)).toBe(301)
    await accepted.ledger.close()
  })

  test('accepts no head in place of one that it signed', async () => {
    const house = await newHouse()
    const line = await newLine(house)
    const life = await openWith(house, line)
    await life.ledger.append(drafts(3))
    await publish(life)
    await life.ledger.append(drafts(2))
    await publish(life)
    const older = await life.ledger.rootAt(3)
    const ask = { ask: 'accept', size: 3, root: Buffer.from(older).toString('base64') }
    expect(JSON.parse(await line.ask(JSON.stringify(ask)))).toMatchObject({
      refused: { code: 'signing_refused' },
    })
    expect(sizeOf((await RemoteSigner.connect(line.ask)).head()!.note)).toBe(5)
    await life.ledger.close()
  })

  test('forgets nothing it signed by a change of keys that comes too early', async () => {
    const house = await newHouse()
    const line = await newLine(house)
    const life = await openWith(house, line)
    await life.ledger.append(drafts(3))
    await publish(life)
    await life.remote.stateRotation(3)
    const next = life.remote.next!
    await expect(life.remote.promote(next)).rejects.toThrow('has not signed the last checkpoint')
    await life.remote.countersign(3)
    line.signer = await signerOf(house)
    await life.ledger.append(drafts(2))
    await publish(life)
    await expect(life.remote.promote(next)).rejects.toThrow('has not signed the last checkpoint')
    await life.remote.countersign(5)
    await expect(life.remote.advance(6, new Uint8Array(32))).rejects.toMatchObject({
      code: 'key_change_pending',
    })
    await life.remote.promote(next)
    expect(sizeOf((await RemoteSigner.connect(line.ask)).head()!.note)).toBe(5)
    await life.ledger.close()
  })

  test('answers nonsense with a refusal', async () => {
    const signer = await signerOf(await newHouse())
    for (const line of [
      '',
      'null',
      '{"ask":"sign"}',
      '{"ask":"advance","size":1,"root":"x"}',
      '{"ask":"begin"}',
    ])
      expect(JSON.parse(await signer.answer(line))).toMatchObject({ refused: {} })
  })
})

describe('a local socket', () => {
  test('carries one line each way and is for its owner alone', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'deponent-socket-')), 's')
    const listener = await listenLocal(path, (line) => Promise.resolve(`heard ${line.length}`))
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await askLocal(path, 'x'.repeat(500_000), 5_000)).toBe('heard 500000')
    await expect(askLocal(path, 'x'.repeat(2_000_000), 5_000)).rejects.toThrow()
    await listener.close()
    await expect(askLocal(path, 'anybody?', 5_000)).rejects.toThrow()
  })

  test('takes the place of one that a process left behind', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'deponent-socket-')), 's')
    await writeFile(path, '')
    const listener = await listenLocal(path, () => Promise.resolve('here'))
    expect(await askLocal(path, 'anybody?', 5_000)).toBe('here')
    await listener.close()
  })
})
