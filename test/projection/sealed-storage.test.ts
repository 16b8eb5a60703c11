import { globSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { realClock } from '../../packages/server/src/platform/clock.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { IndexClient } from '../../packages/server/src/projection/engine/client.ts'
import { IndexEngine } from '../../packages/server/src/projection/engine/index-engine.ts'

const directory = mkdtempSync(join(tmpdir(), 'deponent-sealed-'))
const KEY = new Uint8Array(32).fill(0x5a)
const PERSON = 'Ada Lovelace of St James Square'

afterAll(() => rmSync(directory, { recursive: true, force: true }))

async function speaking<T>(
  sealKey: Uint8Array | undefined,
  work: (client: IndexClient) => Promise<T>,
): Promise<T> {
  const place = join(directory, sealKey ? 'index' : 'plain')
  const engine = await IndexEngine.start({ directory: place, ...(sealKey && { sealKey }) })
  const client = new IndexClient(engine.engine, realClock, realRandom)
  try {
    return await work(client)
  } finally {
    await client.close()
    await engine.stop()
  }
}

/** Files of the engine that hold these bytes. */
const holding = (bytes: string): string[] =>
  globSync('**/*', { cwd: directory })
    .filter((name) => statSync(join(directory, name)).isFile())
    .filter((name) => readFileSync(join(directory, name)).includes(bytes))

describe('an index that is encrypted on disk', () => {
  test('holds no value in any file, nor the key, and is the same index after a restart', async () => {
    const found = 'SELECT count() AS n, min(person) AS person FROM default.t'
    const fill = async (client: IndexClient): Promise<void> => {
      await client.command(
        'CREATE TABLE default.t (a UInt64, person String CODEC(NONE), INDEX by_person person TYPE bloom_filter GRANULARITY 1) ENGINE = MergeTree ORDER BY person',
      )
      const lines = Array.from({ length: 500 }, (_, i) => JSON.stringify([i, PERSON])).join('\n')
      await client.insert('default.t', ['a', 'person'], Buffer.from(lines))
      await client.command('ALTER TABLE default.t DELETE WHERE a = 3', { settings: { mutations_sync: 2 } })
      expect(await client.select(found)).toEqual([{ n: '499', person: PERSON }])
    }
    await speaking(KEY, fill)
    expect(globSync('index/sealed/**/*.bin', { cwd: directory })).not.toEqual([])
    for (const secret of [PERSON, '5a5a5a5a5a5a', 'ZZZZZZZZ']) expect(holding(secret)).toEqual([])
    // One that is not encrypted shows that the look would find it.
    await speaking(undefined, fill)
    expect(holding(PERSON).join()).toContain('plain/')
    await speaking(KEY, async (client) => {
      expect(await client.select(found)).toEqual([{ n: '499', person: PERSON }])
    })
  })

  test('writes nothing of a question beside it: what does not fit in memory is refused', async () => {
    await speaking(KEY, async (client) => {
      const settings = await client.select<{ name: string; value: string }>(
        "SELECT name, value FROM system.settings WHERE name LIKE 'max_bytes%before_external%'",
      )
      expect(settings.length).toBeGreaterThanOrEqual(6)
      expect(settings.filter(({ value }) => value !== '0')).toEqual([])
    })
  })

  test('does not open with another key', async () => {
    await expect(speaking(KEY.with(0, 1), () => Promise.resolve())).rejects.toThrow(/did not|stopped|ended/)
  })
})
