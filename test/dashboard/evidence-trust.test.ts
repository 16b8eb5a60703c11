import { FormatError, formatVkey, KEY_TYPE, parseVkey } from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { trustOf } from '../../packages/dashboard/src/evidence/trust-input.ts'
import { LEDGER_SIGNER, ORIGIN, RECEIPT_SIGNER, trustFile, WITNESSES } from '../../tools/vectors/ledger.ts'

describe("the reader's trust", () => {
  test('is nothing until something is supplied', () => {
    expect(trustOf('', ORIGIN)).toBeUndefined()
    expect(trustOf(' \n', ORIGIN)).toBeUndefined()
  })

  test('is a trust file as it stands', () => {
    expect(trustOf(JSON.stringify(trustFile(WITNESSES, 2)), ORIGIN)?.ledgers[0]).toMatchObject({ quorum: 2 })
  })

  test('does not count one voice under two names twice', () => {
    const [first] = WITNESSES
    const { publicKey } = parseVkey(first!.vkey)
    const again = formatVkey('another.example/w', publicKey, KEY_TYPE.cosignature)
    expect(() => trustOf([LEDGER_SIGNER.vkey, first!.vkey, again].join(' '), ORIGIN)).toThrow(FormatError)
  })

  test('is keys, and every witness among them must have cosigned', () => {
    const vkeys = [LEDGER_SIGNER, RECEIPT_SIGNER, ...WITNESSES].map(({ vkey }) => vkey)
    const trust = trustOf(vkeys.join('\n'), ORIGIN)!
    expect(trust.ledgers[0]!.keys.map(({ use }) => use)).toEqual(['checkpoint', 'promise'])
    expect(trust.ledgers[0]).toMatchObject({ origin: ORIGIN, quorum: 2 })
  })

  test.each(['trust me', WITNESSES[0]!.vkey, RECEIPT_SIGNER.vkey, '{}', `${LEDGER_SIGNER.vkey}x`])(
    'is refused when it cannot judge a checkpoint: %s',
    (text) => {
      expect(() => trustOf(text, ORIGIN)).toThrow(FormatError)
    },
  )
})
