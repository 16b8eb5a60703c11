import { expect, test } from 'vitest'
import { filesOf, findings, pages, textOf } from './tree.ts'

// Words the product does not use about itself, with what is true instead.
const CLAIMS: [claim: RegExp, instead: string][] = [
  [/tamper[\s-]?proof/gi, 'a change after the promise is detected; it is not prevented'],
  [/\banonymi[sz]ed\b/gi, 'subject ids are pseudonyms under a key'],
  [/\bguaranteed\b/gi, 'say what happens, and what happens when it does not'],
  [/\bcompliant\b/gi, 'evidence is kept and shown; compliance is judged by others'],
  [/required by article\s+12/gi, 'the law asks for logging, not for this design'],
]

const SPOKEN = [
  ...pages(),
  ...filesOf('docs').filter((name) => name.endsWith('.svg')),
  ...filesOf('packages').filter((name) => /\.(?:tsx?|mjs|html|css|json|md)$/.test(name)),
]

test.each(CLAIMS)('nobody says %s in a page or in the product', (claim) => {
  const said = SPOKEN.flatMap((file) => findings(textOf(file), claim).map((found) => `${file}:${found}`))
  expect(said).toEqual([])
})

test('the pages looked at include the README and the dashboard', () => {
  expect(SPOKEN).toContain('README.md')
  expect(SPOKEN.some((file) => file.startsWith('packages/dashboard/src/'))).toBe(true)
})
