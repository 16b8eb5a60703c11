import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCsv } from '../../packages/server/src/ingest/csv.ts'
import { readJsonLines, readJsonRows } from '../../packages/server/src/ingest/jsonl.ts'
import { SourceError } from '../../packages/server/src/ingest/source-row.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

async function collect<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const row of rows) all.push(row)
  return all
}

async function failure(rows: AsyncIterable<unknown>): Promise<string> {
  try {
    await collect(rows)
  } catch (error) {
    if (error instanceof SourceError) return `${error.code} at ${error.line}`
    throw error
  }
  return 'none'
}

/** Cuts a file at every possible place, as a disk or a pipe may. */
function* inChunksOf(size: number, file: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < file.length; at += size) yield file.slice(at, at + size)
}

describe('CSV rows', () => {
  it('carry the line they start on, also after quoted line breaks and blank lines', async () => {
    const rows = await collect(
      readCsv([bytes('\ufeffid,note\r\n1,"two\r\nlines"\r\n\r\n2,"say ""hi"""\r\n')]),
    )
    expect(rows.map((item) => [item.row?.line, item.row?.values])).toEqual([
      [2, { id: '1', note: 'two\r\nlines' }],
      [5, { id: '2', note: 'say "hi"' }],
    ])
  })

  it('are the same wherever the file is cut', async () => {
    const file = bytes('id,note\n1,"grüße\nan alle"\n2,\n')
    const whole = await collect(readCsv([file]))
    for (let size = 1; size < file.length; size++) {
      expect(await collect(readCsv(inChunksOf(size, file)))).toEqual(whole)
    }
  })

  it('are rejected alone when their fields do not match the header or are not UTF-8', async () => {
    const file = Uint8Array.of(...bytes('a,b\n1\n2,'), 0xff, ...bytes('\n3,4\n5,6,7\n'))
    const rows = await collect(readCsv([file]))
    expect(rows.map((item) => item.error?.code ?? item.row?.values)).toEqual([
      'bad_row',
      'bad_utf8',
      { a: '3', b: '4' },
      'bad_row',
    ])
    expect(rows[0]?.error?.message).toBe('line 2: 1 fields where the header names 2')
  })

  it('end with the line where quoting breaks, because nothing after it can be trusted', async () => {
    expect(await failure(readCsv([bytes('a,b\n1,2\n3,"4\n5,6\n')]))).toBe('bad_csv at 4')
    expect(await failure(readCsv([bytes('a,b\n1,x"y"\n')]))).toBe('bad_csv at 2')
  })

  it('need a header that names every column once', async () => {
    expect(await failure(readCsv([]))).toBe('bad_header at 1')
    expect(await failure(readCsv([bytes('a,b,a\n1,2,3\n')]))).toBe('bad_header at 1')
  })

  it('pass on the error of a source that fails half-way', async () => {
    async function* failing() {
      yield bytes('a,b\n1,2\n')
      throw new Error('disk on fire')
    }
    await expect(collect(readCsv(failing()))).rejects.toThrow('disk on fire')
  })

  it('stop reading their source when nobody wants more', async () => {
    let closed = false
    async function* endless() {
      try {
        yield bytes('a,b\n')
        for (;;) yield bytes('1,2\n'.repeat(5000))
      } finally {
        closed = true
      }
    }
    for await (const { row } of readCsv(endless())) if (row !== undefined && row.line > 20_000) break
    await expect.poll(() => closed).toBe(true)
  })

  it('read back every table that was written', async () => {
    const cell = fc.string().filter((text) => !text.startsWith('\ufeff'))
    const table = fc.array(fc.tuple(cell, cell), { maxLength: 20 })
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
    await fc.assert(
      fc.asyncProperty(table, async (written) => {
        const text = ['a,b', ...written.map((row) => row.map(quoted).join(','))].join('\n')
        const read = await collect(readCsv([bytes(text)]))
        expect(read.map(({ row }) => [row?.values['a'], row?.values['b']])).toEqual(written)
      }),
    )
  })
})

describe('JSON lines', () => {
  it('carry their line number and skip blank lines, wherever the file is cut', async () => {
    const file = bytes('\ufeff{"a":"ü"}\r\n\n{"a":\n[1]\n{"a":2,"a":3}\n{"a":4}')
    const whole = await collect(readJsonLines([file]))
    expect(whole.map((item) => [item.line, item.reading?.value ?? item.error?.code])).toEqual([
      [1, { a: 'ü' }],
      [3, 'bad_json'],
      [4, [1]],
      [5, expect.anything()],
      [6, { a: 4 }],
    ])
    for (let size = 1; size < file.length; size++) {
      expect(await collect(readJsonLines(inChunksOf(size, file)))).toEqual(whole)
    }
  })

  it('become rows only as faultless objects', async () => {
    const rows = await collect(readJsonRows([bytes('{"a":1}\n[1]\n{"a":2,"a":3}\n')]))
    expect(rows.map((item) => item.error?.code ?? item.row?.values)).toEqual([
      { a: 1 },
      'wrong_type',
      'duplicate_key',
    ])
  })
})
