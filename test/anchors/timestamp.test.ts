import { readFileSync } from 'node:fs'
import { fromBase64, readTimestamp, utf8, verifyTimestamp } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { describeUnless } from './describe-unless.ts'
import { codeOf } from '../format/signer.ts'
import { noOpenssl, OwnAuthority, STAMPING } from './own-authority.ts'
import type { ChainPlan } from './own-authority.ts'

interface Recorded {
  name: string
  text: string
  reply: string
  root: string
}

const recorded: {
  valid: (Recorded & { timeMs: number; accuracyMs: number; authority: string })[]
  invalid: (Recorded & { code: string })[]
} = JSON.parse(readFileSync(new URL('../vectors/timestamps.json', import.meta.url), 'utf8'))

const MESSAGE = utf8('an origin\n20\na root\n')

function verdictOn({ text, reply, root }: Recorded, changed?: Uint8Array): string {
  return codeOf(() => verifyTimestamp(changed ?? fromBase64(reply), utf8(text), [root]))
}

describe('timestamps.json', () => {
  test.each(recorded.valid)('$name is verified and read', ({ text, reply, root, ...expected }) => {
    const { timeMs, accuracyMs, authority } = expected
    const facts = { timeMs, accuracyMs, authority }
    expect(verifyTimestamp(fromBase64(reply), utf8(text), [root])).toEqual(facts)
    expect(readTimestamp(fromBase64(reply))).toEqual(facts)
  })

  test.each(recorded.invalid)('$name is refused', (vector) => {
    expect(verdictOn(vector)).toBe(vector.code)
  })
})

describe.each(recorded.valid)('$name', (vector) => {
  const { text, root, timeMs, accuracyMs, authority } = vector
  const reply = fromBase64(vector.reply)

  test('with one flipped bit anywhere is refused, or says the very same thing', () => {
    fc.assert(
      fc.property(fc.nat(reply.length - 1), fc.nat(7), (at, bit) => {
        const changed = reply.slice()
        changed[at]! ^= 1 << bit
        try {
          const facts = verifyTimestamp(changed, utf8(text), [root])
          expect(facts).toEqual({ timeMs, accuracyMs, authority })
        } catch (error) {
          expect(error).toHaveProperty('name', 'FormatError')
        }
      }),
      { numRuns: 300 },
    )
  })

  test('is refused under no root', () => {
    expect(codeOf(() => verifyTimestamp(reply, utf8(text), []))).toBe('timestamp_untrusted')
  })

  test('damaged in any way is refused by nothing but a FormatError', () => {
    const piece = fc.uint8Array({ maxLength: 8 })
    const change = fc.record({ at: fc.nat(reply.length), remove: fc.nat(8), insert: piece })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        let bytes = [...reply]
        for (const { at, remove, insert } of changes) bytes = bytes.toSpliced(at, remove, ...insert)
        expect(verdictOn(vector, Uint8Array.from(bytes))).toMatch(/^(accepted|bad_timestamp|timestamp_\w+)$/)
      }),
      { numRuns: 300 },
    )
  })
})

test('a flipped bit in any byte the authority signed is refused', () => {
  const vector = recorded.valid[0]!
  const reply = fromBase64(vector.reply)
  const accepted = [...reply.keys()].filter((at) => {
    const changed = reply.slice()
    changed[at]! ^= 1
    return verdictOn(vector, changed) === 'accepted'
  })
  // The status of the reply, two version numbers and the list of digests repeat what is signed elsewhere; the
  // root that came along is not the one that was given.
  const unsigned = accepted.filter((at) => at < 64)
  const rootAlong = accepted.filter((at) => at >= 64)
  expect(unsigned.length).toBeLessThan(16)
  const root = Buffer.from(vector.root.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')
  const from = Buffer.from(reply).indexOf(root)
  expect(rootAlong.every((at) => (at >= from && at < from + root.length) || isVersion(reply, at))).toBe(true)
})

/** The value of an INTEGER of one byte: a version. */
function isVersion(bytes: Uint8Array, at: number): boolean {
  return bytes[at - 2] === 0x02 && bytes[at - 1] === 1
}

test('random bytes are refused by a FormatError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(codeOf(() => readTimestamp(bytes))).toBe('bad_timestamp')
    }),
  )
})

test('a root that is no certificate is refused as trust that cannot be read', () => {
  const { text, reply } = recorded.valid[0]!
  expect(codeOf(() => verifyTimestamp(fromBase64(reply), utf8(text), ['no certificate']))).toBe('bad_trust')
})

const AUTHORITY = 'basicConstraints = critical, CA:true\nkeyUsage = critical, keyCertSign'
const ISSUER = (constraints: string) => ({ authorities: [AUTHORITY, constraints] })
const SECOND_PURPOSE = STAMPING.replace('timeStamping', 'timeStamping, emailProtection')
const CHAINS: [name: string, plan: ChainPlan, verdict: string][] = [
  ['two authorities between root and stamp', { authorities: [AUTHORITY, AUTHORITY, AUTHORITY] }, 'accepted'],
  ['a certificate named by its SHA-1', { certificateDigest: 'sha1' }, 'accepted'],
  ['a certificate named by its SHA-512', { certificateDigest: 'sha512' }, 'accepted'],
  ['attributes digested with SHA-384', { signerDigest: 'sha384' }, 'accepted'],
  ['attributes digested with SHA-512', { signerDigest: 'sha512' }, 'accepted'],
  ['an issuer that is no authority', ISSUER('basicConstraints = critical, CA:false'), 'timestamp_untrusted'],
  [
    'an issuer that may not issue',
    ISSUER('basicConstraints = critical, CA:true\nkeyUsage = critical, cRLSign'),
    'timestamp_untrusted',
  ],
  [
    'a chain longer than its root allows',
    { authorities: ['basicConstraints = critical, CA:true, pathlen:0', AUTHORITY] },
    'timestamp_untrusted',
  ],
  ['an authority that may also do something else', { stamping: SECOND_PURPOSE }, 'timestamp_untrusted'],
]
const STRICTER: typeof CHAINS = [
  [
    'an issuer for other purposes',
    ISSUER(`${AUTHORITY}\nextendedKeyUsage = serverAuth`),
    'timestamp_untrusted',
  ],
  [
    'a name constraint, which is not understood',
    ISSUER(`${AUTHORITY}\nnameConstraints = critical, permitted;DNS:example.com`),
    'timestamp_untrusted',
  ],
]

describeUnless(noOpenssl, 'chains made by openssl', () => {
  test.each(CHAINS)('%s: we say what openssl says', (_, plan, verdict) => {
    const authority = new OwnAuthority(plan)
    const reply = authority.stamp(MESSAGE)
    // openssl makes no timestamp with a certificate it would itself refuse for the purpose.
    if (reply === undefined) expect(verdict).not.toBe('accepted')
    else {
      expect(codeOf(() => verifyTimestamp(reply, MESSAGE, [authority.root]))).toBe(verdict)
      expect(authority.opensslAccepts(reply, MESSAGE)).toBe(verdict === 'accepted')
    }
    authority.destroy()
  })

  test.each(STRICTER)('%s: we refuse what openssl lets through', (_, plan, verdict) => {
    const authority = new OwnAuthority(plan)
    expect(codeOf(() => verifyTimestamp(authority.stamp(MESSAGE)!, MESSAGE, [authority.root]))).toBe(verdict)
    authority.destroy()
  })

  test("the authority's own certificate can be the root", () => {
    const authority = new OwnAuthority()
    const reply = authority.stamp(MESSAGE)!
    expect(codeOf(() => verifyTimestamp(reply, MESSAGE, [authority.pem('stamp')]))).toBe('accepted')
    authority.destroy()
  })

  test('a root of the same name and another key vouches for nothing', () => {
    const [authority, namesake] = [new OwnAuthority(), new OwnAuthority()]
    const reply = authority.stamp(MESSAGE)!
    expect(codeOf(() => verifyTimestamp(reply, MESSAGE, [namesake.root]))).toBe('timestamp_untrusted')
    expect(codeOf(() => verifyTimestamp(reply, MESSAGE, [namesake.root, authority.root]))).toBe('accepted')
    authority.destroy()
    namesake.destroy()
  })
})
