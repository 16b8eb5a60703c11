// What somebody can tell from the ledger directory alone: the attacks of EDPB guidelines 02/2025 on a ledger that is kept for ever.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  canonicalJson,
  type CanonicalRecord,
  commitRoot,
  decodeEntry,
  type Entry,
  fromHex,
  fromUtf8,
  preparePayload,
  type RecordKind,
  toHex,
} from '@deponent/format'
import { beforeAll, describe, expect, test } from 'vitest'
import { openDirectory } from '../../packages/server/src/directory.ts'
import { scanWal } from '../../packages/server/src/ledger/wal-scan.ts'
import { ledgerIdOf } from '../../packages/server/src/ledger/wal-frame.ts'
import { realClock } from '../../packages/server/src/platform/clock.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'
import { decodeAttachment } from '../../packages/server/src/recording/attachment.ts'
import { LocalIntake } from '../../packages/server/src/recording/intake.ts'
import { Seeker } from '../../packages/server/src/residue/seeker.ts'
import { spellingsOf } from '../../packages/server/src/residue/spellings.ts'
import { openTenant, type Tenant } from '../../packages/server/src/tenant.ts'
import { saltsOf } from '../../packages/server/src/vault/record-secrets.ts'
import { frameHead } from '../../packages/server/src/vault/seal.ts'
import { newPlace, submission } from '../recording/open-tenant.ts'

const PEOPLE = 30
const ROUNDS = 10
const PREDICTIONS = ['low', 'medium', 'high']

interface Told {
  kind: RecordKind
  person: number
  value: Record<string, unknown>
}

/** An entry as the ledger directory has it, with what only this test knows of it. */
interface Kept {
  index: number
  person: number
  entry: Entry
  text: string
}

/** Everything a person leaves behind: decisions, and what others say of them, bound together in every way a record knows. */
function toldOf(person: number, round: number): Told[] {
  const about = {
    decisionId: `loan-${person}-${round}`,
    sessionId: `session-${person}`,
    traceId: `trace-${person}`,
  }
  const own = { affectedUserId: `person-${person}@example.org`, caseId: `case-${person}` }
  return [
    {
      kind: 'decision',
      person,
      value: {
        ...about,
        ...own,
        modelId: 'scorer',
        prediction: PREDICTIONS[(person + round) % 3],
        ipAddress: `192.0.2.${person}`,
        inputFeatures: { age: 20 + person, employed: person % 2 === 0 },
        messages: [{ role: 'user', content: `the same remark of ${person}` }],
      },
    },
    { kind: 'outcome', person, value: { ...about, outcome: (person + round) % 2 } },
    { kind: 'review', person, value: { ...about, verdict: 'agree', reviewerId: `reviewer-${person % 3}` } },
    { kind: 'contest', person, value: { ...about, ...own, statement: 'please look again' } },
  ]
}

async function openSeeded(data: string, signer: string): Promise<{ tenant: Tenant; close(): Promise<void> }> {
  const random = new SeededRandom('what the ledger tells')
  const directory = await openDirectory(realDisk, random, data)
  const tenant = await openTenant({
    disk: realDisk,
    clock: realClock,
    random,
    directory,
    ledgerName: 'default',
    signerDirectory: signer,
    acceptHead: false,
    intake: (start) => new LocalIntake(start, random),
    onStop: () => undefined,
  })
  return {
    tenant,
    close: async () => {
      await tenant.close()
      await directory.release()
    },
  }
}

let ledgerDirectory = ''
let origin = ''
let kept: Kept[] = []
/** What the vault would tell, for the test to show that a right guess is recognised. */
const secrets = new Map<number, { record: CanonicalRecord; recordSalt: Uint8Array }>()

/** Records everything, in an order that mixes people; other entries are the ledger's own. */
beforeAll(async () => {
  const place = await newPlace()
  const { tenant, close } = await openSeeded(place.data, place.signer)
  const persons = new Map<number, number>()
  for (let round = 0; round < ROUNDS; round += 1) {
    const people = Array.from({ length: PEOPLE }, (_, i) => (i * 7 + round) % PEOPLE)
    for (let step = 0; step < 4; step += 1) {
      const batch = people.map((person) => toldOf(person, round)[step]!)
      const { receipts, errors } = await tenant.recorder.record(
        batch.map(({ value, kind }, i) => submission(value, i, kind)),
      )
      expect(errors).toEqual([])
      for (const { position, index } of receipts) persons.set(index, batch[position]!.person)
    }
  }
  const read = await tenant.ledger.entryRange(0, tenant.ledger.size)
  kept = read.flatMap((bytes, index) => {
    const person = persons.get(index)
    return person === undefined ? [] : [{ index, person, entry: decodeEntry(bytes), text: fromUtf8(bytes) }]
  })
  for (const { index, entry } of kept) {
    const frame = (await tenant.vault.segments.frame(index))!
    const { text, recordSalt } = tenant.vault.open(entry, frame)!
    secrets.set(index, { record: JSON.parse(text) as CanonicalRecord, recordSalt })
  }
  origin = tenant.keys.origin
  await close()
  ledgerDirectory = join(place.data, 'ledgers', 'default')
})

function filesOf(directory: string): Uint8Array[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => readFileSync(join(file.parentPath, file.name)))
}

/** Hexadecimal that was drawn or computed for one entry: the random tail of its id and its root, without the time in front. */
const ownHex = ({ entry }: Kept): string[] => [entry.id.replaceAll('-', '').slice(12), entry.payload.root]

describe('who has the ledger directory and nothing else', () => {
  test('reads no word of a record in it, in any encoding', () => {
    const words = [
      'person-7@example.org',
      'session-7',
      'trace-7',
      'case-7',
      'loan-7-1',
      'the same remark',
      'scorer',
      'reviewer-1',
      '192.0.2.7',
    ]
    const seeker = new Seeker(words.map((word) => ({ name: word, spellings: spellingsOf(word) })))
    expect(filesOf(ledgerDirectory).flatMap((bytes) => seeker.in(bytes))).toEqual([])
  })

  test('finds no digest of a field or of a whole record, salted with anything that lies there', () => {
    const digests = kept.slice(0, 60).flatMap(({ index, entry }) => {
      const { record } = secrets.get(index)!
      const { leafTexts } = preparePayload(record, entry.id)
      const texts = [
        ...leafTexts,
        canonicalJson(record),
        ...['affectedUserId', 'prediction', 'sessionId'].flatMap((name) => record[name] ?? []).map(String),
      ]
      const salts = ['', entry.id, entry.payload.root, origin]
      return texts.flatMap((text) =>
        salts.flatMap((salt) => [
          createHash('sha256').update(salt).update(text).digest(),
          createHash('sha256').update(Uint8Array.of(0x10)).update(salt).update(text).digest(),
        ]),
      )
    })
    // Sixteen bytes of a digest, or as many of its hexadecimal digits.
    const sought = new Set(
      digests.flatMap((digest) => [
        digest.toString('latin1').slice(0, 16),
        digest.toString('hex').slice(0, 16),
      ]),
    )
    expect(sought.size).toBeGreaterThan(5_000)
    const found = filesOf(ledgerDirectory).flatMap((bytes) => {
      const text = Buffer.from(bytes).toString('latin1').replace(/\0+$/, '')
      return Array.from(text, (_, at) => text.slice(at, at + 16)).filter((window) => sought.has(window))
    })
    expect(found).toEqual([])
  })

  test('cannot tell which of three predictions a decision had, knowing every other word of it', () => {
    const decisions = kept.filter(({ entry }) => entry.kind === 'decision')
    for (const { index, entry } of decisions) {
      const { record, recordSalt } = secrets.get(index)!
      const rootWith = (prediction: string, salt: Uint8Array): string => {
        const { leafTexts } = preparePayload({ ...record, prediction }, entry.id)
        return toHex(commitRoot(leafTexts, saltsOf(salt, leafTexts.length)))
      }
      // Whoever has the salt recognises the right one: the guess fails for want of it, not of skill.
      const right = PREDICTIONS.filter((each) => rootWith(each, recordSalt) === entry.payload.root)
      expect(right).toEqual([record['prediction']])
      const known = [
        new Uint8Array(32),
        fromHex(entry.payload.root),
        sha256(entry.id),
        sha256(origin),
        sha256(origin + entry.id),
      ]
      const guessed = PREDICTIONS.flatMap((each) => known.map((salt) => rootWith(each, salt)))
      expect(guessed).not.toContain(entry.payload.root)
    }
  })

  test('sees of an entry only what the server minted for everybody', () => {
    expect(kept).toHaveLength(PEOPLE * ROUNDS * 4)
    for (const { entry } of kept) {
      expect(Object.keys(entry).toSorted()).toEqual([
        'id',
        'kind',
        'payload',
        'receivedAt',
        'retention',
        'system',
        'v',
      ])
      expect(Object.keys(entry.payload).toSorted()).toEqual(['c', 'leaves', 'root'])
    }
    // Records of one kind have one number of leaves whoever they are about, and one system.
    for (const [, all] of Map.groupBy(kept, ({ entry }) => entry.kind)) {
      expect(
        new Set(all.map(({ entry }) => `${entry.payload.leaves} ${entry.system} ${entry.retention}`)).size,
      ).toBe(1)
    }
  })

  test('finds nothing that two entries of one person share: fourteen digits in common are in no two entries at all', () => {
    const bearers = new Map<string, Set<number>>()
    for (const entry of kept) {
      for (const hex of ownHex(entry)) {
        for (let at = 0; at + 14 <= hex.length; at += 1) {
          const piece = hex.slice(at, at + 14)
          bearers.set(piece, (bearers.get(piece) ?? new Set()).add(entry.index))
        }
      }
    }
    expect([...bearers.values()].filter((indices) => indices.size > 1)).toEqual([])
  })

  test('cannot sort entries by person: those of one are as unlike each other as those of two', () => {
    const bits = kept.map((entry) => ({ person: entry.person, bits: bitsOf(ownHex(entry).join('')) }))
    const same = { pairs: 0, unlike: 0 }
    const other = { pairs: 0, unlike: 0 }
    for (const [i, one] of bits.entries()) {
      for (const another of bits.slice(i + 1)) {
        const tally = one.person === another.person ? same : other
        tally.pairs += 1
        tally.unlike += unlike(one.bits, another.bits)
      }
    }
    const width = bits[0]!.bits.length
    const share = ({ pairs, unlike: sum }: typeof same): number => sum / pairs / width
    // Bits of a fair coin: six standard deviations of the mean of the smaller group.
    const bound = 6 * (0.5 / Math.sqrt(same.pairs * width))
    expect(same.pairs).toBeGreaterThan(5_000)
    expect(Math.abs(share(same) - share(other))).toBeLessThan(bound)
    // Nor is any bit the same in all forty entries of one person: by chance one would be in some sixty million runs of this test.
    for (const [, all] of Map.groupBy(bits, ({ person }) => person)) {
      const counts = Array.from(
        { length: width },
        (_, bit) => all.filter((each) => each.bits[bit] === 1).length,
      )
      const constant = fixedBits(bits.map((each) => each.bits))
      const odd = counts.filter((count, bit) => !constant.has(bit) && (count === 0 || count === all.length))
      expect(odd).toEqual([])
    }
  })

  test('learns from the write-ahead log alone, until the vault has what is in it, which payloads one key seals', async () => {
    const { frames } = await scanWal(realDisk, join(ledgerDirectory, 'wal'), ledgerIdOf(origin))
    const numbers = new Map<number, string>()
    for (const { content } of frames) {
      content.attachments.forEach((attachment, i) => {
        const { keepers } = frameHead(decodeAttachment(attachment).frame)
        numbers.set(content.first + i, keepers.join())
      })
    }
    // This is why docs/threat-model.md counts the log with the vault: it is neither published nor part of what is proven.
    const groups = Map.groupBy(kept, ({ index }) => numbers.get(index))
    expect(groups.size).toBe(PEOPLE)
    const published = new Seeker(
      [...groups.keys()].map((each) => ({
        name: 'a key number',
        spellings: spellingsOf(`"key":${each}`),
      })),
    )
    for (const { text } of kept) expect(published.inText(text)).toEqual([])
  })
})

const sha256 = (text: string): Uint8Array => createHash('sha256').update(text).digest()

function bitsOf(hex: string): Uint8Array {
  return Uint8Array.from(
    [...fromHex(hex)].flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((n) => (byte >> n) & 1)),
  )
}

function unlike(one: Uint8Array, other: Uint8Array): number {
  let count = 0
  for (let i = 0; i < one.length; i += 1) count += one[i]! ^ other[i]!
  return count
}

/** Bits that are the same in all: the version and variant of a UUID. */
function fixedBits(all: readonly Uint8Array[]): Set<number> {
  const bits = Array.from({ length: all[0]!.length }, (_, bit) => bit)
  return new Set(bits.filter((bit) => all.every((each) => each[bit] === all[0]![bit])))
}
