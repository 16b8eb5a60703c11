import { createReadStream, existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { normalizeRecord } from '@deponent/format'
import { expect, it } from 'vitest'
import { readCsv } from '../../packages/server/src/ingest/csv.ts'
import { rowMapper } from '../../packages/server/src/ingest/map-row.ts'
import { parseMapping } from '../../packages/server/src/ingest/mapping.ts'

const beside = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const scores = beside('../../../shared/datasets/compas/compas-two-years-min.csv')
const reference = beside('../../../shared/datasets/compas/REFERENCE.json')
const mapping = parseMapping(JSON.parse(readFileSync(beside('../fixtures/compas-mapping.json'), 'utf8')))

interface Tally {
  tp: number
  fp: number
  tn: number
  fn: number
}
const cellNames = { 'high,1': 'tp', 'high,0': 'fp', 'low,0': 'tn', 'low,1': 'fn' } as const

/** Maps and normalises the whole file, and counts prediction against outcome by race. */
async function truthTables(): Promise<{ rows: number; tables: Map<string, Tally> }> {
  const toRecords = rowMapper(mapping)
  const tables = new Map<string, Tally>()
  let rows = 0
  for await (const { row } of readCsv(createReadStream(scores))) {
    const [decision, outcome] = toRecords(row!).records!.map(({ kind, reading }) =>
      normalizeRecord(kind, reading),
    )
    expect([decision?.errors, outcome?.errors]).toEqual([[], []])
    const { race } = decision!.record['inputFeatures'] as { race: string }
    const cell = `${decision!.record['prediction'] as string},${outcome!.record['outcome'] as number}`
    for (const group of [race, 'All']) {
      const tally = tables.get(group) ?? { tp: 0, fp: 0, tn: 0, fn: 0 }
      tally[cellNames[cell as keyof typeof cellNames]] += 1
      tables.set(group, tally)
    }
    rows += 1
  }
  return { rows, tables }
}

it.skipIf(!existsSync(scores))(
  'the mapped COMPAS scores give the published truth table by race',
  async () => {
    const { published } = JSON.parse(readFileSync(reference, 'utf8')) as {
      published: { rows: number; truth_tables: Record<string, object> }
    }
    const { rows, tables } = await truthTables()
    expect(rows).toBe(published.rows)
    for (const [group, table] of Object.entries(published.truth_tables))
      expect(table).toMatchObject(tables.get(group)!)
  },
)
