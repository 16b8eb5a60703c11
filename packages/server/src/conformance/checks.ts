/** Every check of the format there is, in the order in which they are asked and listed. */
import { buildGivesKnownAnswers } from './build-checks.ts'
import type { Claim, Outcome } from './outcome.ts'
import {
  checkpointIsSigned,
  checkpointIsWellFormed,
  entriesLeadToTheRoot,
  inclusionCanBeProven,
  keyIsWellFormed,
  keysAreNamedByTheOrigin,
  laterExtendsEarlier,
  noteIsWellFormed,
  tileFault,
  witnessesCosigned,
} from './reading-checks.ts'
import {
  ambiguousRecordsAreRefused,
  entriesHoldNothingThatWasSent,
  otherContentIsAConflict,
  promiseIsKept,
  proofOfARecordVerifies,
  receiptsVerify,
  recordsAreJudgedOneByOne,
  sameContentIsADuplicate,
} from './recording-checks.ts'
import {
  checkpointHeaders,
  hostilePathsAreRefused,
  nothingBeyondTheCheckpoint,
  partialTilesAreBeginnings,
  proofsVerify,
  tileHeaders,
} from './serving-checks.ts'
import type { Subject } from './subject.ts'

export interface ConformanceCheck {
  /** Stable, once released. */
  readonly id: string
  readonly sentence: string
  /** The section of docs/format.md it comes from. */
  readonly section: string
  readonly claim: Claim
  /** Whether the claim cannot be made while this does not apply. */
  readonly required: boolean
  readonly run: (subject: Subject) => Promise<Outcome>
}

type Row = [
  id: string,
  section: string,
  sentence: string,
  run: ConformanceCheck['run'],
  optional?: 'optional',
]

const READING: Row[] = [
  ['build', '5', 'The build that checks gives the published answers.', buildGivesKnownAnswers],
  ['note', '6', 'The checkpoint is a signed note.', noteIsWellFormed],
  ['checkpoint', '7', 'Its text is an origin, a size and a root.', checkpointIsWellFormed],
  ['key', '6', 'The keys the ledger names are verifier keys of their names.', keyIsWellFormed, 'optional'],
  ['key-name', '6', 'They are named by the origin.', keysAreNamedByTheOrigin, 'optional'],
  ['signature', '6', 'The checkpoint is signed by the key of the ledger.', checkpointIsSigned],
  [
    'entry-tiles',
    '5',
    'Entry tiles hold as many entries as the size calls for, and nothing else.',
    tileFault('entryTiles'),
  ],
  ['entries', '4', 'Every entry is canonical.', tileFault('entries')],
  ['order', '4', 'Entries are received in order, and no id comes twice.', tileFault('order')],
  ['tile-widths', '5', 'Every hash tile is as wide as the size calls for.', tileFault('widths')],
  ['tile-hashes', '5', 'Every hash of a tile is the root of what lies below it.', tileFault('hashes')],
  ['root', '7', 'The entries lead to the root of the checkpoint.', entriesLeadToTheRoot],
  ['inclusion', '5', 'Inclusion of an entry can be proven from the tiles.', inclusionCanBeProven, 'optional'],
  ['extends', '7', 'A later checkpoint extends an earlier one.', laterExtendsEarlier],
  [
    'partial-tiles',
    '5',
    'A partial tile is the beginning of a wider one.',
    partialTilesAreBeginnings,
    'optional',
  ],
  ['beyond', '5', 'What the checkpoint does not reach is not there.', nothingBeyondTheCheckpoint, 'optional'],
  ['hostile-paths', '5', 'What is no path of a tile is refused.', hostilePathsAreRefused, 'optional'],
  [
    'checkpoint-headers',
    '5',
    'The checkpoint is served as text that no cache keeps for long.',
    checkpointHeaders,
    'optional',
  ],
  ['tile-headers', '5', 'Tiles are served as bytes that never change.', tileHeaders, 'optional'],
  ['proofs', '9', 'Proofs that are handed out verify.', proofsVerify, 'optional'],
]

const WITNESSING: Row[] = [
  [
    'witnesses',
    '11',
    'As many trusted witnesses cosigned the checkpoint as the trust file asks for.',
    witnessesCosigned,
  ],
]

const WRITING: Row[] = [
  ['receipts', '8', 'Receipts lead to a promise signed by the receipt key.', receiptsVerify],
  ['promise-kept', '8', 'The promised entries stand where they were promised.', promiseIsKept],
  ['duplicate', '13', 'The same record again is a duplicate with its first place.', sameContentIsADuplicate],
  ['conflict', '13', 'Another record under the same id is refused.', otherContentIsAConflict],
  ['one-by-one', '2', 'Records of one request are judged one by one.', recordsAreJudgedOneByOne],
  [
    'ambiguous',
    '2',
    'What two readers may understand differently is refused, and no value is repeated.',
    ambiguousRecordsAreRefused,
  ],
  ['silent-entries', '4', 'Entries hold nothing that was sent.', entriesHoldNothingThatWasSent],
  ['record-proof', '9', 'The proof of a record verifies against its receipt.', proofOfARecordVerifies],
]

const of = (claim: Claim, rows: Row[]): ConformanceCheck[] =>
  rows.map(([id, section, sentence, run, optional]) => ({
    id,
    section,
    sentence,
    run,
    claim,
    required: optional === undefined,
  }))

export const CONFORMANCE_CHECKS: readonly ConformanceCheck[] = [
  ...of('reader', READING),
  ...of('witnessed', WITNESSING),
  ...of('writer', WRITING),
]
