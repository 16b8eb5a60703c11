import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { packFiles, unpackFiles } from '../../packages/server/src/projection/tiers/archive-file.ts'
import { zstdFrames } from '../../packages/server/src/residue/zstd-frames.ts'

const file = fc.record({
  name: fc.stringMatching(/^[a-z0-9=./-]{1,100}$/),
  bytes: fc.uint8Array({ maxLength: 3_000 }),
})

test('an archive gives back the files it was made of', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(file, { maxLength: 5 }), async (files) => {
      const unpacked = await unpackFiles(await packFiles(files))
      expect(unpacked.map(({ name }) => name)).toEqual(files.map(({ name }) => name))
      for (const [i, { bytes }] of unpacked.entries())
        expect(Buffer.from(bytes).equals(Buffer.from(files[i]!.bytes))).toBe(true)
    }),
    { numRuns: 50 },
  )
})

test('an archive that is cut short, or is none, is refused', async () => {
  const whole = await packFiles([{ name: 'a', bytes: new Uint8Array(2_000).fill(7) }])
  await expect(unpackFiles(whole.subarray(0, whole.length - 10))).rejects.toThrow()
  await expect(unpackFiles(zstdCompressSync(Buffer.alloc(700, 1)))).rejects.toThrow('damaged')
})

test('every compressed frame is found among whatever stands between', () => {
  const noise = fc.uint8Array({ maxLength: 50 })
  const piece = fc.record({ noise, content: fc.uint8Array({ minLength: 1, maxLength: 200_000 }) })
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 4 }), (pieces) => {
      const bytes = Buffer.concat(pieces.flatMap((one) => [one.noise, zstdCompressSync(one.content)]))
      const { contents } = zstdFrames(bytes)
      const found = contents.map((content) => Buffer.from(content).toString('base64'))
      for (const { content } of pieces) expect(found).toContain(Buffer.from(content).toString('base64'))
    }),
    { numRuns: 50 },
  )
})
