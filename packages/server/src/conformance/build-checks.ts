/** Whether the build that checks gives the answers others have published: a judge is asked for papers too. */
import {
  EMPTY_ROOT,
  fromHex,
  hashLeaf,
  parseNote,
  parseVkey,
  rootOf,
  tilePath,
  toHex,
  utf8,
  verifyNote,
} from '@deponent/format'
import { failed, type Outcome, PASSED } from './outcome.ts'

/** The example of C2SP signed-note. */
const NOTE = `This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`
const VKEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'

/** The leaves of the reference trees of Certificate Transparency. */
const EIGHT = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
]

/** Hashes of transparency-dev/merkle, and the tile of C2SP tlog-tiles. */
const KNOWN: readonly [name: string, found: () => string, expected: string][] = [
  [
    'the empty tree',
    () => toHex(EMPTY_ROOT),
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  ],
  [
    'the empty leaf',
    () => toHex(hashLeaf(fromHex(''))),
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  ],
  [
    'the leaf L123456',
    () => toHex(hashLeaf(utf8('L123456'))),
    '395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56',
  ],
  [
    'the tree of eight leaves',
    () => toHex(rootOf(EIGHT.map((leaf) => hashLeaf(fromHex(leaf))))),
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ],
  ['the path of a tile', () => tilePath(0, 1_234_067), 'tile/0/x001/x234/067'],
  ['the signers of a note', () => verifyNote(parseNote(NOTE), [parseVkey(VKEY)])[0]?.vkey ?? '', VKEY],
]

export function buildGivesKnownAnswers(): Promise<Outcome> {
  const wrong = KNOWN.find(([, found, expected]) => found() !== expected)
  return Promise.resolve(wrong ? failed(`this build errs about ${wrong[0]}`) : PASSED)
}
