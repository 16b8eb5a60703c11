import { formatVkey, isKeyName, KEY_TYPE, keyIdOf, parseVkey, toHex } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOf, signer } from './signer.ts'

const FOREIGN = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'

describe('verifier keys', () => {
  test('a foreign key is read part by part', () => {
    const key = parseVkey(FOREIGN)
    expect(key).toMatchObject({ name: 'example.com/foo', type: 1, vkey: FOREIGN })
    expect(toHex(key.keyId)).toBe('530d903a')
    expect(key.publicKey).toHaveLength(32)
    expect(formatVkey(key.name, key.publicKey)).toBe(FOREIGN)
  })

  test('a key whose base64 holds a plus is split at the first two only', () => {
    const vkey = 'example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx'
    expect(parseVkey(vkey).publicKey).toHaveLength(32)
  })

  test('every key comes back from its text', () => {
    const names = fc.string({ unit: 'grapheme', minLength: 1 }).filter(isKeyName)
    const types = fc.constantFrom(KEY_TYPE.ed25519, KEY_TYPE.cosignature)
    fc.assert(
      fc.property(names, fc.uint8Array({ minLength: 32, maxLength: 32 }), types, (name, publicKey, type) => {
        const vkey = formatVkey(name, publicKey, type)
        expect(parseVkey(vkey)).toEqual({
          name,
          publicKey,
          type,
          keyId: keyIdOf(name, publicKey, type),
          vkey,
        })
      }),
    )
  })

  test.each([
    ['a key id of another name', FOREIGN.replace('foo', 'bar'), 'bad_vkey'],
    ['a changed key', FOREIGN.replace('AekyeR', 'AekyeS'), 'bad_vkey'],
    ['an upper-case key id', FOREIGN.replace('530d903a', '530D903A'), 'bad_vkey'],
    ['a missing part', 'example.com/foo+530d903a', 'bad_vkey'],
    ['an empty name', '+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k', 'bad_vkey'],
    ['a short key', 'example.com/foo+530d903a+AekyeRrm', 'bad_vkey'],
    [
      'a key of an unknown type',
      'example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
      'unsupported_key_type',
    ],
    ['loose base64', `${FOREIGN.slice(0, -4)}3U2l=`, 'bad_base64'],
  ])('refuses %s', (_, vkey, code) => {
    expect(codeOf(() => parseVkey(vkey))).toBe(code)
  })

  test.each(['', 'a b', 'a\u00a0b', 'a\nb', 'a+b', 'a\u0000b', '\ud800'])('%j is no name', (name) => {
    expect(isKeyName(name)).toBe(false)
    expect(codeOf(() => formatVkey(name, signer('x', 1).key.publicKey))).toBe('bad_vkey')
  })
})
