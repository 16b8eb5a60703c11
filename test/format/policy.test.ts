import {
  cosigners,
  formatCheckpoint,
  formatPolicy,
  isQuorum,
  parseNote,
  parsePolicy,
  satisfiesPolicy,
} from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOf, noteBy, signer, witness } from './signer.ts'

const ORIGIN = 'example.com/log'
const LOG = signer(ORIGIN, 1)
const W = [2, 3, 4, 5].map((seed) => witness(`witness.example/w${seed}`, seed, 1_700_000_000 + seed))
const vkeys = W.map(({ key }) => key.vkey)

const TWO_LEVELS = `# who we know
log ${LOG.key.vkey} https://example.com/log/

witness X1 ${vkeys[0]} https://x1.example/
\twitness X2  ${vkeys[1]}
witness X3 ${vkeys[2]}
group X-witnesses 2 X1 X2 X3
witness Y1 ${vkeys[3]}
group X-and-Y all X-witnesses Y1
  # the rule
quorum X-and-Y
`
const policy = parsePolicy(TWO_LEVELS)
const note = (...by: readonly ReturnType<typeof witness>[]) =>
  parseNote(noteBy(formatCheckpoint({ origin: ORIGIN, size: 3, root: new Uint8Array(32) }), LOG, ...by))

test('logs, witnesses and groups are read with their addresses', () => {
  expect(policy.logs).toEqual([{ key: LOG.key, url: 'https://example.com/log/' }])
  expect(policy.witnesses.map(({ name, url }) => [name, url])).toEqual([
    ['X1', 'https://x1.example/'],
    ['X2', undefined],
    ['X3', undefined],
    ['Y1', undefined],
  ])
  expect(policy.groups).toEqual([
    { name: 'X-witnesses', threshold: 2, members: ['X1', 'X2', 'X3'] },
    { name: 'X-and-Y', threshold: 2, members: ['X-witnesses', 'Y1'] },
  ])
  expect(policy.quorum).toBe('X-and-Y')
})

test('a policy that was written reads the same', () => {
  expect(parsePolicy(formatPolicy(policy))).toEqual(policy)
})

test('a checkpoint counts when its cosignatures reach the quorum', () => {
  expect(satisfiesPolicy(note(W[0]!, W[2]!, W[3]!), policy)).toBe(true)
  expect(satisfiesPolicy(note(W[0]!, W[2]!), policy)).toBe(false)
  expect(satisfiesPolicy(note(W[0]!, W[3]!), policy)).toBe(false)
  expect([...cosigners(note(W[1]!, W[3]!), policy)]).toEqual(['X2', 'Y1'])
})

test('a checkpoint of an unknown log counts for nothing, however many cosigned', () => {
  const others = parsePolicy(TWO_LEVELS.replace(LOG.key.vkey, signer(ORIGIN, 9).key.vkey))
  expect(satisfiesPolicy(note(...W), others)).toBe(false)
})

test('a cosignature that does not verify counts for nothing and spoils nothing', () => {
  const good = note(...W)
  const signatures = good.signatures.map((line, i) =>
    i === 1 ? { ...line, signature: line.signature.with(20, line.signature[20]! ^ 1) } : line,
  )
  expect([...cosigners({ ...good, signatures }, policy)]).toEqual(['X2', 'X3', 'Y1'])
})

test('none asks for no witness', () => {
  const alone = parsePolicy(`log ${LOG.key.vkey}\nquorum none`)
  expect(satisfiesPolicy(note(), alone)).toBe(true)
})

describe('is refused:', () => {
  test.each([
    ['no quorum', `log ${LOG.key.vkey}`],
    ['two quorums', 'quorum none\nquorum none'],
    ['a quorum of nobody', 'quorum X'],
    ['an unknown keyword', 'mirror x\nquorum none'],
    ['a log key for a witness', `witness X ${LOG.key.vkey}\nquorum none`],
    ['a witness key for a log', `log ${vkeys[0]}\nquorum none`],
    ['a witness key twice', `witness X ${vkeys[0]}\nwitness Y ${vkeys[0]}\nquorum none`],
    ['a name twice', `witness X ${vkeys[0]}\nwitness X ${vkeys[1]}\nquorum none`],
    ['the name none', `witness none ${vkeys[0]}\nquorum none`],
    ['a group of itself', `witness X ${vkeys[0]}\ngroup G any G X\nquorum G`],
    ['a member twice', `witness X ${vkeys[0]}\ngroup G any X\ngroup H any X\nquorum H`],
    ['none as a member', `witness X ${vkeys[0]}\ngroup G any none\nquorum G`],
    ['a threshold of 0', `witness X ${vkeys[0]}\ngroup G 0 X\nquorum G`],
    ['a threshold of more than all', `witness X ${vkeys[0]}\ngroup G 2 X\nquorum G`],
    ['a threshold with a leading zero', `witness X ${vkeys[0]}\ngroup G 01 X\nquorum G`],
    ['an empty group', `witness X ${vkeys[0]}\ngroup G any\nquorum G`],
    ['a carriage return', 'quorum none\r\n'],
    ['words too many', 'quorum none none'],
  ])('%s', (_, text) => {
    expect(codeOf(() => parsePolicy(text))).toBe('bad_policy')
  })

  test('anything else, by a FormatError that names the line', () => {
    const word = fc.constantFrom(
      'log',
      'witness',
      'group',
      'quorum',
      'none',
      'X',
      'any',
      '1',
      ...vkeys,
      '#',
      '\n',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string({ unit: 'binary' }))), (words) => {
        expect(codeOf(() => parsePolicy(words.join(' ')))).toMatch(/^(accepted|bad_policy|bad_utf8)$/)
      }),
    )
  })
})

test('another witness never unmakes a quorum', () => {
  const names = fc.subarray(['X1', 'X2', 'X3', 'Y1'])
  fc.assert(
    fc.property(names, names, (some, more) => {
      if (isQuorum(policy, new Set(some))) expect(isQuorum(policy, new Set([...some, ...more]))).toBe(true)
    }),
  )
})
