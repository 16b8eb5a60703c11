import { createCipheriv } from 'node:crypto'
import { concatBytes } from '@deponent/format'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'
import { SimulatedDisk } from '../../packages/server/src/platform/simulated-disk.ts'
import { unsealed } from '../../packages/server/src/residue/sealed-files.ts'

const PATH = '/data.bin'
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })

async function fileOf(content: Uint8Array) {
  const disk = new SimulatedDisk({ random: new SeededRandom('sealed') })
  await disk.writeDurably(PATH, content)
  return disk.open(PATH, 'read')
}

/** As the engine writes it: the head, then the file in counter mode. */
function sealed(content: Uint8Array, key: Uint8Array, counter: Uint8Array): Uint8Array {
  const head = new Uint8Array(64)
  head.set(Buffer.from('ENC'))
  head.set(counter, 23)
  return concatBytes(head, createCipheriv('aes-256-ctr', key, counter).update(content))
}

test('an encrypted file of the index reads as what it was, from any place in it and past any carry of the counter', async () => {
  const counters = fc.oneof(bytes(16), fc.constant(new Uint8Array(16).fill(0xff)))
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      bytes(32),
      counters,
      fc.nat(320),
      fc.nat(320),
      async (content, key, counter, position, length) => {
        const file = await fileOf(sealed(content, key, counter))
        const plain = (await unsealed(file, key))!
        expect(await plain.size()).toBe(content.length)
        expect(new Uint8Array(await plain.read(position, length))).toEqual(
          content.slice(position, position + length),
        )
      },
    ),
  )
})

test('a file that is not encrypted, or shorter than a head, is taken as it is', async () => {
  for (const content of [new Uint8Array(100), Buffer.from('ENC')])
    expect(await unsealed(await fileOf(content), new Uint8Array(32))).toBeUndefined()
})
