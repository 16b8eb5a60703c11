import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { recordVectorFiles } from '../../tools/make-record-vectors.ts'

test.each([...recordVectorFiles()])('%s is what tools/make-record-vectors.ts writes', (name, text) => {
  expect(readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8')).toBe(text)
})
