import { formatVkey, KEY_TYPE, parseTrust, trustedKeys, trustedLedger, trustSelf } from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { CHECKPOINT_SIGNER, ORIGIN, RECEIPT_SIGNER, TRUST } from './ledger-of-tests.ts'
import { codeOf, witness } from './signer.ts'

const WITNESS = witness('witness.example/w', 21, 1)
const OTHER_WITNESS = witness('witness.example/v', 22, 1)

interface TrustFile {
  ledgers: { keys: { sizes?: string; use: string; vkey: string }[]; [field: string]: unknown }[]
  [field: string]: unknown
}

function trustFile(): TrustFile {
  return {
    ledgers: [
      {
        origin: ORIGIN,
        keys: [
          { vkey: CHECKPOINT_SIGNER.key.vkey, use: 'checkpoint', sizes: '0..' },
          { vkey: RECEIPT_SIGNER.key.vkey, use: 'promise', sizes: '0..' },
        ],
        witnesses: [],
        quorum: 0,
        timestampRoots: [],
      },
    ],
  }
}

/** The trust file after a change to its only ledger. */
function changed(change: (ledger: TrustFile['ledgers'][number]) => void): TrustFile {
  const file = trustFile()
  change(file.ledgers[0]!)
  return file
}

describe('trust file', () => {
  test('is read from its text and from its parsed form', () => {
    expect(parseTrust(JSON.stringify(trustFile()))).toEqual(TRUST)
    expect(parseTrust(trustFile())).toEqual(TRUST)
  })

  test('may leave out what is empty', () => {
    const file = changed((ledger) => {
      delete ledger['witnesses']
      delete ledger['quorum']
      delete ledger['timestampRoots']
      for (const key of ledger.keys) delete key.sizes
    })
    expect(parseTrust(file)).toEqual(TRUST)
  })

  test('a key counts at its sizes, both ends included, and is ignored outside them', () => {
    const file = changed((ledger) => {
      ledger.keys[0]!.sizes = '5..9'
    })
    const ledger = trustedLedger(parseTrust(file), ORIGIN)!
    const counts = [4, 5, 9, 10].map((size) => trustedKeys(ledger, 'checkpoint', size).length)
    expect(counts).toEqual([0, 1, 1, 0])
    expect(trustedKeys(ledger, 'promise', Number.MAX_SAFE_INTEGER)).toEqual([RECEIPT_SIGNER.key])
  })

  test('an origin that is not listed has no trusted ledger', () => {
    expect(trustedLedger(TRUST, `${ORIGIN}/other`)).toBeUndefined()
    expect(trustedLedger(undefined, ORIGIN)).toBeUndefined()
  })

  test('witnesses and a quorum of them are read', () => {
    const file = changed((ledger) => {
      ledger['witnesses'] = [WITNESS.key.vkey, OTHER_WITNESS.key.vkey]
      ledger['quorum'] = 2
    })
    expect(parseTrust(file).ledgers[0]).toMatchObject({ quorum: 2, witnesses: { length: 2 } })
  })

  test.each<[string, string, (ledger: TrustFile['ledgers'][number]) => void]>([
    ['a field it does not know', '/ledgers/0', (ledger) => void (ledger['notBefore'] = 5)],
    ['no keys', '/ledgers/0/keys', (ledger) => void delete (ledger as Record<string, unknown>)['keys']],
    ['another use', '/ledgers/0/keys/0/use', (ledger) => void (ledger.keys[0]!.use = 'everything')],
    ['sizes without a start', '/ledgers/0/keys/0/sizes', (ledger) => void (ledger.keys[0]!.sizes = '..5')],
    [
      'sizes that end before they start',
      '/ledgers/0/keys/0/sizes',
      (ledger) => void (ledger.keys[0]!.sizes = '6..5'),
    ],
    [
      'sizes beyond 2^53-1',
      '/ledgers/0/keys/0/sizes',
      (ledger) => void (ledger.keys[0]!.sizes = '0..9007199254740992'),
    ],
    ['a broken key', '/ledgers/0/keys/1/vkey', (ledger) => void (ledger.keys[1]!.vkey += 'A')],
    [
      'a receipt key of another name',
      '/ledgers/0/keys/1/vkey',
      (ledger) => void (ledger.keys[1]!.vkey = CHECKPOINT_SIGNER.key.vkey),
    ],
    [
      'a witness key among the ledger keys',
      '/ledgers/0/keys/0/vkey',
      (ledger) => void (ledger.keys[0]!.vkey = WITNESS.key.vkey),
    ],
    [
      'a ledger key among the witnesses',
      '/ledgers/0/witnesses/0',
      (ledger) => void (ledger['witnesses'] = [CHECKPOINT_SIGNER.key.vkey]),
    ],
    ['a quorum larger than its witnesses', '/ledgers/0/quorum', (ledger) => void (ledger['quorum'] = 1)],
    ['a quorum that is no number', '/ledgers/0/quorum', (ledger) => void (ledger['quorum'] = '1')],
    [
      'one witness listed twice',
      '/ledgers/0/quorum',
      (ledger) => void (ledger['witnesses'] = [WITNESS.key.vkey, WITNESS.key.vkey]),
    ],
    [
      'a witness that is a key of the ledger under another name',
      '/ledgers/0',
      (ledger) => {
        const { publicKey } = CHECKPOINT_SIGNER.key
        ledger['witnesses'] = [formatVkey('independent.example/w', publicKey, KEY_TYPE.cosignature)]
      },
    ],
    ['an origin of two lines', '/ledgers/0/origin', (ledger) => void (ledger['origin'] = 'a\nb')],
  ])('refuses %s', (_, path, change) => {
    expect(() => parseTrust(changed(change))).toThrow(expect.objectContaining({ code: 'bad_trust', path }))
  })

  test('refuses an origin that is listed twice, and a name that is written twice', () => {
    const [ledger] = trustFile().ledgers
    expect(codeOf(() => parseTrust({ ledgers: [ledger, ledger] }))).toBe('bad_trust')
    expect(codeOf(() => parseTrust('{"ledgers":[],"ledgers":[]}'))).toBe('bad_trust')
  })

  test.each(['', 'null', '[]', '{}', '{"ledgers":{}}', '{"ledgers":[1]}', '\u0000'])('refuses %j', (text) => {
    expect(codeOf(() => parseTrust(text))).toBe('bad_trust')
  })

  test("trust in the operator's own keys says so", () => {
    const trust = trustSelf(ORIGIN, { checkpoint: CHECKPOINT_SIGNER.key.vkey })
    expect(trust.ledgers[0]).toMatchObject({ origin: ORIGIN, self: true })
    expect(trustedKeys(trust.ledgers[0]!, 'promise', 0)).toEqual([])
    expect(codeOf(() => parseTrust(trust))).toBe('bad_trust')
  })
})
