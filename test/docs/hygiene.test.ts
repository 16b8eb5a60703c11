import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { filesOf, findings, textOf } from './tree.ts'

// Of the pinned official text at apache.org/licenses/LICENSE-2.0.txt.
const APACHE_2_SHA256 = 'cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30'

const SELF = 'test/docs/hygiene.test.ts'
const files = filesOf().filter((file) => file !== SELF && !file.startsWith('test/vectors/'))

function everywhere(pattern: RegExp, among = files): string[] {
  return among.flatMap((file) => findings(textOf(file), pattern).map((found) => `${file}:${found}`))
}

test('no file names a path of the machine it was written on', () => {
  expect(everywhere(/(?<![\w.$}*-])\/(?:work|root|home|Users)\/[\w.-]+/g)).toEqual([])
})

test('no file names the host of a package registry', () => {
  expect(
    everywhere(/\bregistry\.[\w-]+\.\w+|https?:\/\/[^\s"'`)]*(?:registry|artifactory|verdaccio|nexus)/gi),
  ).toEqual([])
  expect(textOf('.npmrc')).not.toMatch(/registry\s*=/)
})

test('the lock file names no address a package came from', () => {
  expect(findings(textOf('package-lock.json'), /"resolved":\s*"https?:[^"]*"/g)).toEqual([])
})

test('the lock file has an entry for every platform, or npm ci refuses it; node tools/complete-lock.ts adds them', () => {
  const { packages }: { packages: Record<string, { optionalDependencies?: Record<string, string> }> } =
    JSON.parse(textOf('package-lock.json'))
  const missing = Object.entries(packages).flatMap(([parent, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !(`node_modules/${name}` in packages) && !(`${parent}/node_modules/${name}` in packages),
    ),
  )
  expect(missing).toEqual([])
})

test('only tests and benchmarks read the data kept beside the repository', () => {
  const others = files.filter((file) => !file.startsWith('test/') && !file.startsWith('bench/'))
  expect(everywhere(/\.\.\/shared\//g, others)).toEqual([])
})

test('nothing is left to do in a comment', () => {
  expect(
    everywhere(
      /\b(?:TODO|FIXME|XXX)\b/g,
      files.filter((file) => /\.(?:[cm]?[jt]sx?|sh)$/.test(file)),
    ),
  ).toEqual([])
})

test('LICENSE is the whole Apache License 2.0, unmodified', () => {
  expect(createHash('sha256').update(textOf('LICENSE')).digest('hex')).toBe(APACHE_2_SHA256)
})

test('every package says Apache-2.0, and NOTICE names the product', () => {
  const manifests = files.filter((file) => /^(?:packages\/[^/]+\/)?package\.json$/.test(file))
  expect(manifests.length).toBeGreaterThan(4)
  for (const file of manifests) expect([file, JSON.parse(textOf(file)).license]).toEqual([file, 'Apache-2.0'])
  expect(textOf('NOTICE')).toMatch(/^Deponent\n/)
})
