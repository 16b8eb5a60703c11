import fc from 'fast-check'
import { expect, it } from 'vitest'
import { serialise } from '../../packages/sdk/src/serialise.ts'

it('says of plain JSON what JSON.stringify says, and of anything at all something that can be read', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(serialise(value)).toBe(JSON.stringify(value))
    }),
  )
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true }), (value) => {
      expect(() => JSON.parse(serialise(value)) as unknown).not.toThrow()
      expect(serialise({ value: [Number.NaN, value] })).toContain('"NaN"')
    }),
  )
})

it('ends with what refers to itself over and over', () => {
  const tangled: Record<string, unknown> = {}
  for (const name of ['a', 'b', 'c']) tangled[name] = tangled
  expect(serialise(tangled)).toBe('{"a":"[circular]","b":"[circular]","c":"[circular]"}')
  const deep = { next: {} as Record<string, unknown> }
  let last = deep.next
  for (let i = 0; i < 20_000; i++) last = last['next'] = {}
  expect(serialise(deep)).toContain('[too deep]')
})
