import { createServer } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { awsKms, KeyServiceFailure } from '../../packages/server/src/platform/aws-kms.ts'
import { SeededRandom } from '../../packages/server/src/platform/random.ts'
import { SimulatedDisk } from '../../packages/server/src/platform/simulated-disk.ts'
import { openMasterKey, readMasterKey } from '../../packages/server/src/vault/master-key.ts'
import { type RootSource, rootBeside, RootKeyMissing } from '../../packages/server/src/vault/root-source.ts'
import { FakeKms } from './kms-fake.ts'

const SECRET = new Uint8Array(32).fill(7)
const CONTEXT = { ledgerDirectory: 'ab'.repeat(16) }
const KEYRING = '/data/keyring'

let fake: FakeKms
let arn: string
const service = () => awsKms({ endpoint: fake.endpoint })
const reasonOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing failed',
    (error: unknown) => {
      expect(error).toBeInstanceOf(KeyServiceFailure)
      return (error as Error).message
    },
  )

beforeAll(async () => {
  fake = await FakeKms.start()
  for (const [name, value] of Object.entries(fake.environment)) process.env[name] = value
  arn = fake.addKey('deponent')
})

beforeEach(() => {
  fake.asked.length = 0
  fake.throttled = 0
  fake.denied.clear()
  fake.setEnabled(arn, true)
  process.env.AWS_SECRET_ACCESS_KEY = fake.credentials.secret
  process.env.AWS_ACCESS_KEY_ID = fake.credentials.id
})

afterAll(() => fake.stop())

describe('a key management service', () => {
  test('gives back what it encrypted, by id, alias or ARN, and says which key it was', async () => {
    for (const name of [arn, 'alias/deponent', arn.split('/')[1]!]) {
      const { key, ciphertext } = await service().encrypt(name, SECRET, CONTEXT)
      expect(key).toBe(arn)
      expect(Buffer.from(ciphertext).includes(Buffer.from(SECRET))).toBe(false)
      expect(await service().decrypt(name, ciphertext, CONTEXT)).toEqual(SECRET)
    }
    expect(fake.asked.map(({ operation }) => operation)).toContain('Decrypt')
  })

  test('does not decrypt for another directory, under another key, or what was changed', async () => {
    const { ciphertext } = await service().encrypt(arn, SECRET, CONTEXT)
    const other = fake.addKey()
    expect(await reasonOf(service().decrypt(arn, ciphertext, { ledgerDirectory: '00'.repeat(16) }))).toMatch(
      /not for this data directory/,
    )
    expect(await reasonOf(service().decrypt(other, ciphertext, CONTEXT))).toMatch(/under another key/)
    const changed = ciphertext.with(40, ciphertext[40]! ^ 1)
    expect(await reasonOf(service().decrypt(arn, changed, CONTEXT))).toMatch(/not what it encrypted/)
  })

  test('is asked again while it throttles, and not for ever', async () => {
    fake.throttled = 2
    await service().encrypt(arn, SECRET, CONTEXT)
    expect(fake.asked).toHaveLength(3)
    fake.throttled = 100
    expect(await reasonOf(service().encrypt(arn, SECRET, CONTEXT))).toMatch(/asked too often/)
    expect(fake.asked.length).toBeLessThan(10)
  })

  test.each<[string, () => void, RegExp]>([
    ['denied', () => fake.denied.add('Encrypt'), /denies it to the credentials/],
    ['a disabled key', () => fake.setEnabled(arn, false), /the key is disabled/],
    [
      'a wrong secret',
      () => (process.env.AWS_SECRET_ACCESS_KEY = 'another'),
      /does not accept the signature/,
    ],
    ['an unknown client', () => (process.env.AWS_ACCESS_KEY_ID = 'NOBODY'), /does not know the credentials/],
  ])('says what is wrong, in words of ours: %s', async (_, spoil, expected) => {
    spoil()
    const reason = await reasonOf(service().encrypt(arn, SECRET, CONTEXT))
    expect(reason).toMatch(expected)
    // What the service says names accounts and people.
    expect(reason).not.toMatch(/ada|111122223333|another|AKID/)
  })

  test('says that no such key is there', async () => {
    expect(await reasonOf(service().encrypt('alias/nothing', SECRET, CONTEXT))).toMatch(/knows no such key/)
  })

  test('says that nobody is there', async () => {
    const closed = createServer()
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
    const { port } = closed.address() as { port: number }
    await new Promise((resolve) => closed.close(resolve))
    const away = awsKms({ endpoint: `http://127.0.0.1:${port}` })
    expect(await reasonOf(away.encrypt(arn, SECRET, CONTEXT))).toMatch(/ECONNREFUSED/)
  })
})

describe('a master key that a service wraps', () => {
  const source = (keyId = arn): RootSource => ({ kind: 'service', keyId, service: service() })
  const opened = async (disk: SimulatedDisk, isNew: boolean, from = source()) => {
    const master = await openMasterKey(disk, new SeededRandom('kms'), KEYRING, from, isNew)
    await master.settle()
    return master
  }

  test('opens with that service, and is bound to its directory there', async () => {
    const disk = new SimulatedDisk({ random: new SeededRandom('disk') })
    const { key, file } = await opened(disk, true)
    expect(file.wrappedBy).toBe(`aws-kms ${arn}`)
    expect(await disk.list(KEYRING)).toEqual(['master.key'])
    expect((await opened(disk, false, source('alias/deponent'))).key).toEqual(key)
    expect(fake.asked.map(({ operation, body }) => [operation, body.EncryptionContext])).toEqual([
      ['Encrypt', { ledgerDirectory: file.directory }],
      ['Decrypt', { ledgerDirectory: file.directory }],
    ])
  })

  test('does not open with a root key, and says which key it needs', async () => {
    const disk = new SimulatedDisk({ random: new SeededRandom('disk') })
    await opened(disk, true)
    const reading = readMasterKey(disk, KEYRING, rootBeside(KEYRING))
    await expect(reading).rejects.toThrow(RootKeyMissing)
    await expect(reading).rejects.toThrow(arn)
  })

  test('leaves no trace when the service refuses', async () => {
    const disk = new SimulatedDisk({ random: new SeededRandom('disk') })
    fake.denied.add('Encrypt')
    await expect(opened(disk, true)).rejects.toThrow(KeyServiceFailure)
    expect(await disk.list('/data')).toEqual([])
  })
})
