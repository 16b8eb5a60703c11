import { expect, test } from 'vitest'
import { filesOf, textOf } from './tree.ts'

const DECISION = 'docs/decisions/0001-dependencies.md'

/** What a package installs for whoever uses it, apart from our own packages. */
function dependenciesOf(manifest: string): string[] {
  const { dependencies = {} }: { dependencies?: Record<string, string> } = JSON.parse(textOf(manifest))
  return Object.keys(dependencies).filter((name) => !name.startsWith('@deponent/'))
}

test('every runtime dependency is argued for, and nothing that is gone still is', () => {
  const installed = filesOf('packages')
    .filter((file) => /^packages\/[^/]+\/package\.json$/.test(file))
    .flatMap(dependenciesOf)
  const argued = [...textOf(DECISION).matchAll(/^\| `([^`]+)`\s*\|/gm)].map((match) => match[1] ?? '')
  expect(argued.toSorted()).toEqual(installed.toSorted())
})

test('format and the SDK install nothing but audited cryptography', () => {
  expect(dependenciesOf('packages/format/package.json').every((name) => name.startsWith('@noble/'))).toBe(
    true,
  )
  expect(dependenciesOf('packages/sdk/package.json')).toEqual([])
})
