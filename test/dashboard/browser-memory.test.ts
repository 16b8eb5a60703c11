import { describe, expect, test } from 'vitest'
import {
  forgetHead,
  headOf,
  pinOf,
  rememberHead,
  rememberPin,
} from '../../packages/dashboard/src/proof/memory.ts'
import { emptyStore, headAt, PIN } from './ledger-on-a-page.ts'

describe('the memory of a browser', () => {
  test('keeps a pin and a head for each ledger apart', () => {
    const store = emptyStore()
    rememberPin(store, 'a', PIN)
    rememberHead(store, 'b', headAt(3))
    expect(pinOf(store, 'a')).toEqual(PIN)
    expect(pinOf(store, 'b')).toBeUndefined()
    expect(headOf(store, 'a')).toBeUndefined()
  })

  test('never lets a head shrink', () => {
    const store = emptyStore()
    rememberHead(store, 'a', headAt(9))
    rememberHead(store, 'a', headAt(4))
    expect(headOf(store, 'a')).toEqual(headAt(9))
    forgetHead(store, 'a')
    expect(headOf(store, 'a')).toBeUndefined()
  })

  test('ignores what is not a pin or a head', () => {
    const store = emptyStore()
    for (const text of [
      '',
      '{',
      'null',
      '[]',
      '{"a":1}',
      '{"a":{"size":-1}}',
      '{"a":{"checkpointVkey":7}}',
    ]) {
      store.setItem('deponent.pins', text)
      store.setItem('deponent.heads', text)
      expect(pinOf(store, 'a')).toBeUndefined()
      expect(headOf(store, 'a')).toBeUndefined()
    }
  })
})
