import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Hmac } from '../../packages/server/src/vault/hmac.ts'

test('HMAC by one-shot digests is the HMAC of OpenSSL, for any key and message', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('sha256' as const, 'sha512' as const),
      fc.uint8Array({ maxLength: 200 }),
      fc.uint8Array({ maxLength: 1_200 }),
      (algorithm, key, message) => {
        const expected = createHmac(algorithm, key).update(message).digest('hex')
        expect(Buffer.from(new Hmac(algorithm, key).digest(message)).toString('hex')).toBe(expected)
      },
    ),
  )
  expect(Buffer.from(new Hmac('sha256', new Uint8Array(3)).digest('Ünïcode')).toString('hex')).toBe(
    createHmac('sha256', new Uint8Array(3)).update('Ünïcode').digest('hex'),
  )
})

test('one key serves many messages, long and short, in any order', () => {
  const key = new Uint8Array(32).fill(9)
  const hmac = new Hmac('sha256', key)
  for (const message of ['', 'a', 'é'.repeat(300), 'x'.repeat(2_000), 'a', '\0system\0s1']) {
    expect(Buffer.from(hmac.digest(message)).toString('hex')).toBe(
      createHmac('sha256', key).update(message).digest('hex'),
    )
  }
})
