import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Finding } from '@deponent/format'
import { parseCheckpoint, parseNote } from '@deponent/format'
import { beforeAll, describe, expect, test } from 'vitest'
import { Scrub, type ScrubStatus } from '../../packages/server/src/check/scrub.ts'
import type { ScrubbedPlaces } from '../../packages/server/src/check/scrub-round.ts'
import { openDirectory } from '../../packages/server/src/directory.ts'
import { ledgerIdOf } from '../../packages/server/src/ledger/wal-frame.ts'
import { realClock, TestClock } from '../../packages/server/src/platform/clock.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { SqliteStateStore, type StateStore } from '../../packages/server/src/platform/state-store.ts'
import { LocalIntake } from '../../packages/server/src/recording/intake.ts'
import { openTenant } from '../../packages/server/src/tenant.ts'
import { loan, submission } from '../recording/open-tenant.ts'

const DAY_MS = 86_400_000
const DECISIONS = 1_200

let template: string
let origin: string
let size: number

/** A data directory with settled tiles, sealed segments and entries that are in the log only. */
beforeAll(async () => {
  const root = await mkdtemp(join(tmpdir(), 'deponent-scrub-'))
  template = join(root, 'data')
  const directory = await openDirectory(realDisk, realRandom, template)
  const tenant = await openTenant({
    disk: realDisk,
    clock: realClock,
    random: realRandom,
    directory,
    ledgerName: 'default',
    signerDirectory: join(root, 'signer'),
    acceptHead: false,
    intake: (secrets) => new LocalIntake(secrets, realRandom),
    onStop: () => undefined,
    fileSizes: { log: 16 * 4_096, segment: { entriesMax: 100, bytesMax: 2 ** 20 } },
  })
  origin = tenant.ledger.origin
  for (let i = 0; i < DECISIONS; i += 50) {
    const loans = Array.from({ length: 50 }, (_, at) => submission(loan(i + at), at))
    await tenant.recorder.record(loans)
    await tenant.ledger.published(tenant.ledger.size, 10_000)
  }
  await tenant.close()
  await directory.release()
  const note = parseNote(await readFile(`${template}/ledgers/default/checkpoint`, 'utf8'))
  size = parseCheckpoint(note.text).size
})

/** A copy of the directory with a scrub over it. */
class Scrubbed {
  readonly data: string
  readonly clock = new TestClock()
  readonly damage: Finding[] = []
  readonly store: StateStore = new SqliteStateStore(':memory:')
  scrub: Scrub

  constructor(data: string) {
    this.data = data
    this.scrub = this.life()
  }

  static async copy(): Promise<Scrubbed> {
    const data = await mkdtemp(join(tmpdir(), 'deponent-scrub-'))
    await cp(template, data, { recursive: true })
    return new Scrubbed(data)
  }

  life(): Scrub {
    const places: ScrubbedPlaces = {
      disk: realDisk,
      ledger: `${this.data}/ledgers/default`,
      vault: `${this.data}/vault/default`,
      keyring: `${this.data}/keyring`,
      name: 'default',
      ledgerId: ledgerIdOf(origin),
    }
    this.scrub = new Scrub({
      places,
      clock: this.clock,
      store: this.store,
      days: 7,
      head: () => this.head,
      onDamage: (finding) => this.damage.push(finding),
      onTrouble: (message) => expect.fail(message),
    })
    return this.scrub
  }

  head: { size: number; root: Uint8Array } | undefined

  async readHead(): Promise<void> {
    const note = parseNote(await readFile(`${this.data}/ledgers/default/checkpoint`, 'utf8'))
    this.head = parseCheckpoint(note.text)
  }

  /** Lets the scrub read until `isEnough`. */
  async until(isEnough: (status: ScrubStatus) => boolean): Promise<ScrubStatus> {
    await this.readHead()
    this.scrub.start()
    while (!isEnough(this.scrub.status())) {
      this.clock.advance(1_000)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    await this.scrub.stop()
    return this.scrub.status()
  }

  /** One whole round from where the scrub is. */
  round(): Promise<ScrubStatus> {
    const before = this.scrub.status().finishedAt
    return this.until(({ finishedAt }) => finishedAt !== before)
  }
}

async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path)
  bytes[at < 0 ? bytes.length + at : at]! ^= 1
  await writeFile(path, bytes)
}

describe('a scrub', () => {
  test('reads every entry there is and finds nothing where nothing is wrong', async () => {
    const scrubbed = await Scrubbed.copy()
    const during = await scrubbed.until(({ round }) => round?.part === 'segments')
    expect(during.round).toMatchObject({ entries: size, size })
    const { findings, finishedAt, round } = await new Scrubbed(scrubbed.data).round()
    expect(findings).toEqual([])
    expect(finishedAt).not.toBeNull()
    expect(round).toBeNull()
    expect(scrubbed.damage).toEqual([])
  })

  test('goes on where it was when the server starts again', async () => {
    const scrubbed = await Scrubbed.copy()
    const { round } = await scrubbed.until((status) => (status.round?.entries ?? 0) >= 512)
    expect(round!.part).toBe('tiles')
    scrubbed.life()
    expect(scrubbed.scrub.status().round).toEqual(round)
    const later = await scrubbed.until((status) => status.round?.part === 'segments')
    expect(later.round!.entries).toBe(size)
    scrubbed.life()
    expect((await scrubbed.round()).findings).toEqual([])
  })

  const DAMAGE: [string, string, number, string, number?][] = [
    ['an entry tile', 'ledgers/default/tile/entries/001', 600, 'entry_tile_malformed', 256],
    ['a hash tile', 'ledgers/default/tile/0/001', 33, 'leaf_mismatch', 257],
    ['the end of a vault segment', 'vault/default/000000000100.seg', -1, 'segment_footer', 100],
    ['a frame in a vault segment', 'vault/default/000000000100.seg', 60, 'segment_damaged', 100],
    ['the keyring', 'keyring/default.keys', 40, 'keyring_damaged'],
    ['the root key', 'keyring/root.key', 30, 'keyring_damaged'],
    ['the wrapped master key', 'keyring/master.key', 80, 'keyring_damaged'],
    ['a signing key', 'keyring/default.promise.key', 40, 'keyring_damaged'],
  ]
  test.each(DAMAGE)(
    'finds a byte that turned over in %s, and names the place',
    async (_, path, at, code, index) => {
      const scrubbed = await Scrubbed.copy()
      await flip(join(scrubbed.data, path), at)
      const { findings } = await scrubbed.round()
      expect(findings.map((each) => [each.severity, each.code, each.index])).toContainEqual([
        'error',
        code,
        index,
      ])
      expect(scrubbed.damage).toEqual(findings)
    },
  )

  test('finds a tile that is gone and a log that does not hold what was signed', async () => {
    const scrubbed = await Scrubbed.copy()
    await rm(`${scrubbed.data}/ledgers/default/tile/0/002`)
    const wal = `${scrubbed.data}/ledgers/default/wal`
    for (const name of await readdir(wal)) {
      const at = (await readFile(join(wal, name))).lastIndexOf('"kind":"decision"')
      if (at > 0) await flip(join(wal, name), at)
    }
    const codes = (await scrubbed.round()).findings.map(({ code }) => code)
    expect(codes).toEqual(['tile_missing', 'entry_missing'])
  })

  test('says the same damage once, and no more when it is repaired', async () => {
    const scrubbed = await Scrubbed.copy()
    const path = join(scrubbed.data, 'vault/default/000000000200.seg')
    await flip(path, 60)
    await scrubbed.round()
    for (const expected of [1, 0]) {
      scrubbed.clock.advance(4 * DAY_MS)
      scrubbed.life()
      if (expected === 0) await flip(path, 60)
      const { findings } = await scrubbed.round()
      expect(findings).toHaveLength(expected)
    }
    expect(scrubbed.damage).toHaveLength(1)
  })

  test('waits between rounds, tells its age, and says when it is overdue', async () => {
    const scrubbed = await Scrubbed.copy()
    expect(scrubbed.scrub.status()).toMatchObject({ finishedAt: null, ageMs: 0 })
    const { finishedAt } = await scrubbed.round()
    scrubbed.life()
    scrubbed.scrub.start()
    scrubbed.clock.advance(3 * DAY_MS)
    await scrubbed.scrub.stop()
    expect(scrubbed.scrub.status()).toMatchObject({ finishedAt, round: null, findings: [] })
    scrubbed.clock.advance(4 * DAY_MS)
    const { findings } = scrubbed.scrub.status()
    expect(findings.map(({ severity, code }) => [severity, code])).toEqual([['gap', 'scrub_overdue']])
  })
})

test('a store that takes nothing keeps nobody from starting or stopping', async () => {
  const inner = new SqliteStateStore(':memory:')
  let isFull = false
  const store: StateStore = {
    run: (sql, ...values) => {
      if (isFull && sql.startsWith('INSERT')) throw new Error('database or disk is full')
      inner.run(sql, ...values)
    },
    get: (sql, ...values) => inner.get(sql, ...values),
    all: (sql, ...values) => inner.all(sql, ...values),
    transaction: (work) => inner.transaction(work),
    flush: () => inner.flush(),
    scrub: () => inner.scrub(),
    close: () => inner.close(),
  }
  const troubles: string[] = []
  const life = (): Scrub =>
    new Scrub({
      places: {
        disk: realDisk,
        ledger: `${template}/ledgers/default`,
        vault: `${template}/vault/default`,
        keyring: `${template}/keyring`,
        name: 'default',
        ledgerId: ledgerIdOf(origin),
      },
      clock: new TestClock(),
      store,
      days: 7,
      head: () => undefined,
      onDamage: ({ code }) => expect.fail(code),
      onTrouble: (message) => troubles.push(message),
    })
  await life().stop()
  isFull = true
  const scrub = life()
  scrub.start()
  await scrub.stop()
  expect(troubles).toEqual(['database or disk is full', 'database or disk is full'])
})
