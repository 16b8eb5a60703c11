import { createCipheriv, createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  FormatError,
  fromHex,
  messageKeyFrom,
  messageKeyTo,
  openBatch,
  readBatchHead,
  sealBatch,
  sealingPublicKey,
  toHex,
  utf8,
} from '@deponent/format'
import type { BatchHead } from '@deponent/format'

/** RFC 9180, A.1.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode; its first encryption. */
const RFC = {
  info: '4f6465206f6e2061204772656369616e2055726e',
  skEm: '52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736',
  enc: '37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431',
  skRm: '4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8',
  pkRm: '3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d',
  key: '4531685d41d65f03dc48f6b8302c05b0',
  nonce: '56d890e5accaaf011cff4b7d',
  aad: '436f756e742d30',
  pt: '4265617574792069732074727574682c20747275746820626561757479',
  ct: 'f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a',
}

test('keys of a message are those of RFC 9180, for its sender and for its recipient', () => {
  const sent = messageKeyTo(fromHex(RFC.pkRm), fromHex(RFC.skEm), fromHex(RFC.info))
  expect([sent.enc, sent.key, sent.nonce].map(toHex)).toEqual([RFC.enc, RFC.key, RFC.nonce])
  const received = messageKeyFrom(fromHex(RFC.enc), fromHex(RFC.skRm), fromHex(RFC.info))
  expect([received.key, received.nonce].map(toHex)).toEqual([RFC.key, RFC.nonce])
  const cipher = createCipheriv('aes-128-gcm', received.key, received.nonce)
  cipher.setAAD(fromHex(RFC.aad))
  const sealed = Buffer.concat([cipher.update(fromHex(RFC.pt)), cipher.final(), cipher.getAuthTag()])
  expect(sealed.toString('hex')).toBe(RFC.ct)
})

test('public keys are those another implementation makes of the same secret', () => {
  const pkcs8 = (secret: string): Buffer => Buffer.from(`302e020100300506032b656e04220420${secret}`, 'hex')
  const privateKey = createPrivateKey({ key: pkcs8(RFC.skRm), format: 'der', type: 'pkcs8' })
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  expect(toHex(sealingPublicKey(fromHex(RFC.skRm)))).toBe(spki.subarray(-32).toString('hex'))
  expect(diffieHellman({ privateKey, publicKey: createPublicKey(privateKey) })).toHaveLength(32)
})

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
const heads: fc.Arbitrary<BatchHead> = fc.record(
  {
    path: fc.constantFrom('/v1/decisions', '/v1/records'),
    at: fc.nat(),
    records: fc.nat(10_000),
    coding: fc.constantFrom('gzip', 'identity'),
    emitter: fc.record({
      id: fc.constant('till-1'),
      epoch: fc.nat(),
      numbers: fc.array(fc.tuple(fc.nat(), fc.constantFrom('', 'ab'.repeat(32)))),
    }),
  },
  { requiredKeys: ['path', 'at', 'records', 'coding'] },
)

describe('a sealed batch', () => {
  test('opens to what was sealed, for whoever holds the secret', async () => {
    await fc.assert(
      fc.asyncProperty(heads, fc.string(), bytes32, bytes32, async (head, text, secret, ephemeral) => {
        const sealed = await sealBatch(head, utf8(JSON.stringify(text)), sealingPublicKey(secret), ephemeral)
        expect(readBatchHead(sealed)).toEqual(head)
        const opened = await openBatch(sealed, secret)
        expect(opened).toEqual({ head, body: utf8(JSON.stringify(text)) })
      }),
      { numRuns: 40 },
    )
  })

  const head: BatchHead = { path: '/v1/decisions', at: 1, records: 1, coding: 'identity' }
  const secret = fromHex(RFC.skRm)
  const sealed = (): Promise<Uint8Array<ArrayBuffer>> =>
    sealBatch(head, utf8('{"secret":"Oslo"}'), fromHex(RFC.pkRm), fromHex(RFC.skEm))
  const codeOf = (error: unknown): string => (error instanceof FormatError ? error.code : String(error))

  test('shows nothing of what is in it', async () => {
    expect(Buffer.from(await sealed()).includes('Oslo')).toBe(false)
  })

  test('with any bit changed, cut short or for another key does not open', async () => {
    const whole = await sealed()
    for (let at = 0; at < whole.length; at += 1) {
      const changed = whole.slice()
      changed[at]! ^= 1 << (at % 8)
      expect(await openBatch(changed, secret).then(String, codeOf)).toMatch(
        /^(bad_sealed_batch|sealed_to_another)$/,
      )
    }
    for (const length of [0, 10, whole.length - 1])
      expect(await openBatch(whole.slice(0, length), secret).then(String, codeOf)).toBe('bad_sealed_batch')
    expect(await openBatch(whole, fromHex(RFC.skEm)).then(String, codeOf)).toBe('sealed_to_another')
  })

  test('is not sealed to what is no key', async () => {
    const zero = new Uint8Array(32)
    expect(await sealBatch(head, zero, zero, fromHex(RFC.skEm)).then(String, codeOf)).toBe('bad_key')
  })
})
