import { fromUtf8, toHex, utf8 } from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'
import { FAULT_KINDS, SimulatedDisk } from '../../packages/server/src/platform/simulated-disk.ts'
import { encodeText } from '../../packages/server/src/vault/coding.ts'
import { Dictionaries } from '../../packages/server/src/vault/dictionaries.ts'
import { learnDictionary, type Sample, WITNESSES } from '../../packages/server/src/vault/dictionary.ts'

const PLACE = {
  directory: '/vault/test',
  ledgerId: new Uint8Array(16).fill(7),
  ledger: 'test',
  master: new Uint8Array(32).fill(9),
}
const random = new SeededRandom('people')
const openOn = (disk: SimulatedDisk): Promise<Dictionaries> =>
  Dictionaries.open({ ...PLACE, disk }, new SeededRandom('nonces'))

async function newDisk(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk({ random: new SeededRandom(1) })
  await disk.makeDirectory(PLACE.directory)
  return disk
}

/** Records about as many people; `more` adds fields to the i-th. */
const samplesOf = (count: number, more: (i: number) => object = () => ({})): Sample[] =>
  Array.from({ length: count }, (_, i) => ({
    witness: `person-${i}`,
    text: JSON.stringify({
      affectedUserId: `person-${toHex(random.bytes(5))}`,
      inputFeatures: { employment_type: i % 2 ? 'permanent' : 'temporary', outstanding_balance: i * 7 },
      modelId: 'loan-default',
      ...more(i),
    }),
  }))

const learned = (samples: readonly Sample[]): string =>
  fromUtf8(learnDictionary(samples) ?? new Uint8Array(0))

describe('a learned dictionary', () => {
  test('makes a record smaller than the one that is part of the format does', () => {
    const [{ text }] = samplesOf(1) as [Sample]
    const bytes = utf8(learned(samplesOf(64)))
    const without = encodeText(text).bytes.length
    expect(encodeText(text, { dictionary: { number: 0, bytes } }).bytes.length).toBeLessThan(without / 2)
  })

  test('holds the names and words that records of many people share, and how their ids begin', () => {
    const text = learned(samplesOf(64))
    for (const shared of [
      '"outstanding_balance":',
      '"permanent"',
      '"temporary"',
      '"affectedUserId":"person-"',
    ])
      expect(text).toContain(shared)
  })

  test('holds nothing that fewer people than its bound have in common', () => {
    const text = learned(
      samplesOf(64, (i) => (i < WITNESSES - 1 ? { prediction: 'rare', seldom_seen: 1 } : {})),
    )
    expect(text).toContain('outstanding_balance')
    expect(text).not.toMatch(/rare|seldom/)
    const one = samplesOf(64).map((sample) => ({ ...sample, witness: 'one person' }))
    expect(learnDictionary(one)).toBeUndefined()
  })

  test('holds no name that does not look like a field, and no value that is an id or free text, however common', () => {
    const common = () => ({
      humanReviewerId: 'alice',
      metadata: { 'bob@example.com': 'x', '+44 20 7946': 'y', note: 'seen by carol' },
      reasoning: 'as dave said',
    })
    const text = learned(samplesOf(64, common))
    expect(text).toContain('"humanReviewerId":')
    expect(text).not.toMatch(/alice|bob|7946|carol|dave/)
  })

  test('holds what a model is told before every conversation, and nothing else of a conversation', () => {
    const messages = () => ({
      messages: [
        { content: 'You help customers of the bank.'.repeat(20), role: 'system' },
        { content: 'I am erin and I moved.', role: 'user' },
      ],
    })
    const text = learned(samplesOf(64, messages))
    expect(text).toContain('You help customers')
    expect(text).not.toContain('erin')
  })

  test('is there again after a power cut, by number and system, once it was kept', async () => {
    const disk = await newDisk()
    const dictionaries = await openOn(disk)
    for (const system of ['loans', 'scores', 'loans'])
      await dictionaries.add(system, utf8(`${system} ${dictionaries.newest().length}`))
    const again = await openOn(disk.powerCut())
    expect([0, 1, 2, 3].map((number) => again.get(number) && fromUtf8(again.get(number)!))).toEqual([
      'loans 0',
      'scores 1',
      'loans 2',
      undefined,
    ])
    expect(again.newest().map(({ system, number }) => [system, number])).toEqual([
      ['loans', 2],
      ['scores', 1],
    ])
  })

  test('is there once it was kept, whatever call of keeping it met whatever fault', async () => {
    for (const kind of FAULT_KINDS) {
      for (let call = 2; call < 20; call += 1) {
        const disk = new SimulatedDisk({ random: new SeededRandom(call), faults: [{ call, kind }] })
        const kept = await disk
          .makeDirectory(PLACE.directory)
          .then(() => openOn(disk))
          .then((dictionaries) => dictionaries.add('loans', utf8('text')))
          .catch(() => undefined)
        const again = await openOn(disk.powerCut())
        if (kept) expect(again.get(kept.number)).toEqual(utf8('text'))
      }
    }
  })

  test('is refused with any byte changed', async () => {
    const disk = await newDisk()
    await (await openOn(disk)).add('loans', utf8('text'))
    const path = `${PLACE.directory}/dictionary-000000.dict`
    const size = (await disk.size(path)) ?? 0
    for (let at = 0; at < size; at += 1) {
      disk.flipBit(path, at, at % 8)
      await expect(openOn(disk)).rejects.toMatchObject({ code: 'dictionary_damaged' })
      disk.flipBit(path, at, at % 8)
    }
    expect((await openOn(disk)).get(0)).toEqual(utf8('text'))
  })
})
