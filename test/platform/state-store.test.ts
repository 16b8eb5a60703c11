import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SqliteStateStore } from '../../packages/server/src/platform/state-store.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'deponent-state-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true })
})

const open = (): SqliteStateStore => new SqliteStateStore(join(directory, 'state.db'))

/** Enough rows for the log to be moved into the file several times. */
function fill(store: SqliteStateStore): void {
  store.run('CREATE TABLE numbers (n INTEGER PRIMARY KEY, text TEXT) WITHOUT ROWID')
  for (let block = 0; block < 20; block += 1) {
    store.transaction(() => {
      for (let n = block * 500; n < (block + 1) * 500; n += 1)
        store.run('INSERT INTO numbers (n, text) VALUES (?, ?)', n, `text ${n}`)
    })
  }
}

const sum = (store: SqliteStateStore): unknown => store.get('SELECT count(*) AS c, sum(n) AS s FROM numbers')

describe('the state store', () => {
  test('holds every finished transaction while its log is moved into its file, and after', async () => {
    const store = open()
    fill(store)
    const all = { c: 10_000, s: 49_995_000 }
    expect(sum(store)).toEqual(all)
    await store.flush()
    expect(sum(store)).toEqual(all)
    await store.close()
    const again = open()
    expect(sum(again)).toEqual(all)
    await again.close()
  })

  test('leaves its file alone when it is closed', async () => {
    const store = open()
    fill(store)
    await store.close()
    expect(readdirSync(directory)).toEqual(['state.db'])
  })

  test('takes transactions while it is being flushed', async () => {
    const store = open()
    fill(store)
    const flushed = store.flush()
    store.transaction(() => store.run("INSERT INTO numbers (n, text) VALUES (10000, '')"))
    await flushed
    expect(sum(store)).toEqual({ c: 10_001, s: 50_005_000 })
    await store.close()
  })

  test('holds nothing on disk of what was deleted before it was scrubbed, in rows, freed pages or its log', async () => {
    const store = open()
    fill(store)
    store.run('CREATE TABLE people (id TEXT PRIMARY KEY, told TEXT)')
    const secret = (n: number) => `secret-of-${n}-${'x'.repeat(n % 3_000)}`
    store.transaction(() => {
      for (let n = 0; n < 400; n += 1)
        store.run('INSERT INTO people (id, told) VALUES (?, ?)', `person-${n}`, secret(n))
    })
    await store.flush()
    store.transaction(() => {
      store.run("DELETE FROM people WHERE id != 'person-7'")
      store.run("UPDATE people SET told = 'nothing'")
    })
    await store.scrub()
    const texts = readdirSync(directory).map((name) => readFileSync(join(directory, name), 'latin1'))
    expect(texts.some((text) => text.includes('person-7'))).toBe(true)
    expect(texts.filter((text) => /secret-of-|person-[0-689]/.test(text))).toEqual([])
    expect(sum(store)).toEqual({ c: 10_000, s: 49_995_000 })
    await store.close()
  })

  test('has nothing to scrub in memory', async () => {
    const store = new SqliteStateStore(':memory:')
    await store.scrub()
    await store.close()
  })
})
