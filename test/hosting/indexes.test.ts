import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { HostedLedger } from '../../packages/server/src/hosting/hosted-ledger.ts'
import { IndexEngine, UNRESTRICTED } from '../../packages/server/src/projection/index.ts'
import { loan, newPlace } from '../recording/open-tenant.ts'
import { type Hosting, openLedgers, record } from './open-ledgers.ts'

let hosting: Hosting
let one: HostedLedger
/** Named so that its databases would be those of another ledger if names were taken as they are. */
let other: HostedLedger

beforeAll(async () => {
  hosting = await openLedgers(await newPlace(), { isIndexed: true })
  one = hosting.ledgers.default
  other = await hosting.ledgers.create('index')
  await record(one, loan(1), loan(2))
  await record(other, loan(1))
  await visible(one)
  await visible(other)
})
afterAll(() => hosting.close())

const visible = ({ tenant, projection }: HostedLedger): Promise<void> =>
  projection.visible(tenant.ledger.size - 1)
const foundIn = async ({ projection }: HostedLedger): Promise<unknown[]> =>
  (await projection.list([], UNRESTRICTED)).items.map(({ decisionId }) => decisionId).toSorted()

test('a question about one ledger is answered from its own records', async () => {
  expect(await foundIn(one)).toEqual(['loan-1', 'loan-2'])
  expect(await foundIn(other)).toEqual(['loan-1'])
  const { rows } = await other.projection.sql('SELECT count() AS n FROM decisions', UNRESTRICTED)
  expect(rows.flat().map(Number)).toEqual([1])
})

test('a person is found in a ledger by the pseudonym of that ledger alone', async () => {
  const handleIn = ({ tenant }: HostedLedger): string => tenant.reader.subjectHandle('person-1')
  const found = async (ledger: HostedLedger, subject: string): Promise<number> =>
    (await ledger.projection.list([['subject', subject]], UNRESTRICTED)).items.length
  expect(await found(one, handleIn(one))).toBe(1)
  expect(await found(one, handleIn(other))).toBe(0)
  expect(await found(other, 'person-1')).toBe(1)
})

test('an index that is built again leaves those of other ledgers as they are', async () => {
  const before = other.projection.position()
  await one.projection.reindex()
  expect(other.projection.position()).toBe(before)
  expect(await foundIn(other)).toEqual(['loan-1'])
  expect(await foundIn(one)).toEqual(['loan-1', 'loan-2'])
})

/** Files below a directory that hold these bytes. */
const holding = (directory: string, bytes: string): string[] =>
  globSync('**/*', { cwd: directory })
    .filter((name) => statSync(join(directory, name)).isFile())
    .filter((name) => readFileSync(join(directory, name)).includes(bytes))

test('an index that an earlier build left in the clear goes as a whole, and the next is encrypted', async () => {
  const place = await newPlace()
  const index = join(place.data, 'index')
  const engine = await IndexEngine.start({ directory: index })
  const client = engine.connect()
  await client.command('CREATE TABLE default.t (s String CODEC(NONE)) ENGINE = MergeTree ORDER BY s')
  await client.insert('default.t', ['s'], Buffer.from('["loan-7 of somebody"]'))
  await client.close()
  await engine.stop()
  expect(holding(index, 'loan-7 of somebody')).not.toEqual([])

  const again = await openLedgers(place, { isIndexed: true })
  await record(again.ledgers.default, loan(7))
  await visible(again.ledgers.default)
  expect(await foundIn(again.ledgers.default)).toEqual(['loan-7'])
  expect(again.told.join()).toContain('the index was not encrypted')
  for (const value of ['loan-7', 'scorer']) expect(holding(index, value)).toEqual([])
  await again.close()
})
