import { expect, test } from 'vitest'
import { FINDING_CODES } from '@deponent/format'
import { textOf } from './tree.ts'

test('docs/format.md lists every finding code with its meaning, and no other', () => {
  const section = textOf('docs/format.md').split('\n## 15.')[1]?.split('\n## 16.')[0] ?? ''
  const rows = [...section.matchAll(/^\| `(\w+)`\s*\| (.+?)\s*\|$/gm)]
  expect(Object.fromEntries(rows.map((row) => [row[1], row[2]]))).toEqual(FINDING_CODES)
})
