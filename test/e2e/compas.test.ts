import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newPlace, type Place, runCommand, ServerProcess } from './server-process.ts'

const DATA = fileURLToPath(new URL('../../../shared/datasets/compas/', import.meta.url))
const MAPPING = fileURLToPath(new URL('../fixtures/compas-mapping.json', import.meta.url))
const isHere = existsSync(join(DATA, 'compas-two-years-min.csv'))

interface Truth {
  fp: number
  fn: number
  tn: number
  tp: number
}
interface Row {
  'feature.race'?: string
  prediction: string
  outcome: number | null
  count: number
}

/** The four cells of a confusion table from rows of an aggregate. */
function truthOf(rows: readonly Row[]): Truth {
  const cell = (prediction: string, outcome: number): number =>
    rows
      .filter((row) => row.prediction === prediction && row.outcome === outcome)
      .reduce((sum, row) => sum + row.count, 0)
  return { fp: cell('high', 0), fn: cell('low', 1), tn: cell('low', 0), tp: cell('high', 1) }
}

describe.skipIf(!isHere)(
  `real risk scores${isHere ? '' : ' (skipped: the COMPAS data set is not beside this checkout)'}`,
  () => {
    let place: Place
    let server: ServerProcess

    beforeAll(async () => {
      place = await newPlace()
      server = await ServerProcess.start(place)
    })
    afterAll(() => server.stop())

    test('all 7,214 scores and their known outcomes are recorded', async () => {
      const args = [
        'import',
        join(DATA, 'compas-two-years-min.csv'),
        '--mapping',
        MAPPING,
        '--url',
        server.url,
        '--key',
        server.key,
        '--json',
      ]
      const { code, stdout, stderr } = await runCommand(args)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(JSON.parse(stdout)).toMatchObject({ lines: 7_214, recorded: 14_428, duplicates: 0, rejected: 0 })
    })

    test('the published truth table by race comes out to the digit', async () => {
      await server.indexed()
      const { published } = JSON.parse(await readFile(join(DATA, 'REFERENCE.json'), 'utf8')) as {
        published: { truth_tables: Record<string, Truth> }
      }
      const { items } = await server.get<{ items: Row[] }>(
        '/v1/aggregate?metrics=count&by=feature.race,prediction,outcome',
      )
      for (const [race, { fp, fn, tn, tp }] of Object.entries(published.truth_tables)) {
        const rows = race === 'All' ? items : items.filter((row) => row['feature.race'] === race)
        expect({ race, ...truthOf(rows) }).toEqual({ race, fp, fn, tn, tp })
      }
    })

    test('the same numbers come out of an index built anew', async () => {
      // Not how many entries there are: looking has added some.
      const answers = async (): Promise<unknown[]> =>
        (
          await Promise.all(
            [
              '/v1/aggregate?metrics=count,avg(confidence)&by=feature.race,prediction,outcome',
              '/v1/decisions?limit=50&feature.race=Caucasian',
            ].map((path) => server.get<{ items: unknown }>(path)),
          )
        ).map(({ items }) => items)
      const before = await answers()
      await server.stop()
      const { code } = await runCommand(['reindex', '--data', place.data, '--signer-state', place.signer])
      expect(code).toBe(0)
      server = await ServerProcess.start(place)
      await server.indexed()
      expect(await answers()).toEqual(before)
    })

    test('verify says valid, and one flipped byte says invalid and names the place', async () => {
      await server.stop()
      const whole = await runCommand(['verify', place.data, '--json'])
      expect(whole.code).toBe(0)
      const { verdict, checked } = JSON.parse(whole.stdout) as {
        verdict: string
        checked: { entries: number; payloads: number }
      }
      expect(verdict).toBe('valid')
      expect(checked.entries).toBeGreaterThan(14_428)
      expect(checked.payloads).toBe(checked.entries)
      const tile = join(place.data, 'ledgers/default/tile/entries/020')
      const bytes = await readFile(tile)
      bytes[1_000]! ^= 1
      await writeFile(tile, bytes)
      const broken = await runCommand(['verify', place.data])
      expect(broken.code).toBe(1)
      expect(broken.stdout).toMatch(/error leaf_mismatch at 51[2-4]\d/)
      bytes[1_000]! ^= 1
      await writeFile(tile, bytes)
      const [segment] = await readdir(join(place.data, 'vault/default'))
      const sealed = await readFile(join(place.data, 'vault/default', segment!))
      sealed[50_000]! ^= 1
      await writeFile(join(place.data, 'vault/default', segment!), sealed)
      const damaged = await runCommand(['verify', place.data])
      expect(damaged.code).toBe(1)
      expect(damaged.stdout).toMatch(/segment_damaged at \d+: vault segment 000000000000\.seg/)
    })
  },
)
