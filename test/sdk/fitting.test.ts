import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deponent } from '@deponent/sdk'
import { fitting } from '../../packages/sdk/src/fitting.ts'
import { newPlace, ServerProcess } from '../e2e/server-process.ts'

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value))
const FITS = 240 * 1024

interface Told {
  metadata: { cut: { texts: { path: string; characters: number }[]; more?: number } }
}

describe('a record that is too large', () => {
  it('is left as it is while it fits', () => {
    const text = JSON.stringify({ modelId: 'm', prediction: 'x'.repeat(200_000) })
    expect(fitting(text)).toBe(text)
  })

  it('fits with its longest texts cut, and names them with their length', () => {
    const long = {
      modelId: 'm',
      input: { 'a/b': 'ü'.repeat(300_000), note: 'short' },
      messages: [{ content: 'y'.repeat(5_000) }],
    }
    const cut = JSON.parse(fitting(JSON.stringify(long))) as typeof long & Told
    expect(bytesOf(cut)).toBeLessThanOrEqual(FITS)
    expect(bytesOf(cut)).toBeGreaterThan(FITS / 3)
    expect(cut).toMatchObject({ input: { note: 'short' }, messages: long.messages })
    expect(cut.metadata.cut).toEqual({ texts: [{ path: '/input/a~1b', characters: 300_000 }] })
    expect(cut.input['a/b'].endsWith('ü…')).toBe(true)
  })

  it('keeps its other metadata, and counts cuts beyond the first hundred', () => {
    const texts = Array.from({ length: 150 }, () => 'z'.repeat(4_000))
    const cut = JSON.parse(fitting(JSON.stringify({ texts, metadata: 'of ours' }))) as Told
    expect(cut.metadata).toMatchObject({ given: 'of ours', cut: { more: 50 } })
    expect(cut.metadata.cut.texts).toHaveLength(100)
  })

  it('always fits, whatever its characters are, and is JSON without broken characters', () => {
    const piece = fc.constantFrom('a', '"', '\\', '\n', 'ü', '漢', '😀')
    const sizes = fc.array(fc.tuple(piece, fc.integer({ min: 1, max: 200_000 })), {
      minLength: 1,
      maxLength: 8,
    })
    fc.assert(
      fc.property(sizes, (parts) => {
        const record = {
          modelId: 'm',
          messages: parts.map(([text, times]) => ({ content: text.repeat(times) })),
        }
        const fit = fitting(JSON.stringify(record))
        expect(Buffer.byteLength(fit)).toBeLessThanOrEqual(FITS)
        expect(fit.isWellFormed()).toBe(true)
        expect(() => JSON.parse(fit) as unknown).not.toThrow()
      }),
      { numRuns: 60 },
    )
  })
})

describe('against a server', () => {
  let server: ServerProcess
  beforeAll(async () => {
    server = await ServerProcess.start(await newPlace())
  })
  afterAll(() => server.stop())

  it('a decision over documents of a megabyte is recorded, with what was cut', async () => {
    const audit = deponent({ url: server.url, key: server.key })
    const documents = ['one', 'two'].map((id) => ({ id, text: `${id} `.repeat(130_000) }))
    const decisionId = audit.log({ modelId: 'm', input: { documents }, prediction: 'yes' })
    expect(await audit.flush({ timeoutMs: 30_000 })).toBe(0)
    expect(audit.stats()).toMatchObject({ recorded: 1, rejected: 0, lost: 0 })
    await audit.close()
    const answer = await server.fetch(`/v1/decisions/${decisionId}`, {
      headers: { 'Deponent-Purpose': 'a test' },
    })
    const { record } = (await answer.json()) as { record: Told & { input: { documents: { id: string }[] } } }
    expect(record.input.documents.map(({ id }) => id)).toEqual(['one', 'two'])
    expect(record.metadata.cut.texts).toEqual(
      ['0', '1'].map((i) => ({ path: `/input/documents/${i}/text`, characters: 520_000 })),
    )
  })
})
