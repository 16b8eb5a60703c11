import { expect, test } from 'vitest'
import { CONFORMANCE_CHECKS } from '../../packages/server/src/conformance/checks.ts'
import { textOf } from './tree.ts'

const ROW =
  /^\| (\d+) +\| `([a-z-]+)` +\| (.+?) +\| \[(\d+)\]\(format\.md#[\w-]+\) +\| (\w+)(, _optional_)? +\|$/gm

test('docs/conformance.md lists every check in its order, with its sentence, section and claim', () => {
  const listed = [...textOf('docs/conformance.md').matchAll(ROW)].map(
    ([, number, id, sentence, section, claim, optional]) => ({
      number: Number(number),
      id,
      sentence,
      section,
      claim,
      required: optional === undefined,
    }),
  )
  expect(listed).toEqual(
    CONFORMANCE_CHECKS.map(({ id, sentence, section, claim, required }, i) => ({
      number: i + 1,
      id,
      sentence,
      section,
      claim,
      required,
    })),
  )
})

test('no two checks have one id', () => {
  const ids = CONFORMANCE_CHECKS.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
})
