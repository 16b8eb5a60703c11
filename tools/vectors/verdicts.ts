import {
  formatTlogProof,
  hashLeaf,
  inclusionPath,
  inclusionPaths,
  toBase64,
  toHex,
  utf8,
} from '../../packages/format/src/index.ts'
import {
  checkpointNote,
  checkpointText,
  ENTRIES,
  LEAVES,
  LEDGER_SIGNER,
  ORIGIN,
  promiseText,
  RECEIPT_SIGNER,
  STRANGER,
  trustFile,
  WITNESSES,
} from './ledger.ts'
import { noteBy, noteSigner } from './signers.ts'

function proof(index: number, size: number, note: string): string {
  return formatTlogProof({ index, hashes: inclusionPath(index, LEAVES.slice(0, size)), checkpointNote: note })
}

/** Proofs with the entry they are about, a trust file, and the verdict. */
export function tlogProofVectors(): object {
  const [first, second] = WITNESSES
  const entry = toHex(ENTRIES[9]!)
  const trust = trustFile()
  const text = proof(9, 20, checkpointNote(20))
  const witnessed = proof(9, 20, checkpointNote(20, LEDGER_SIGNER, first!))
  const twoOfTwo = trustFile(WITNESSES, 2)
  const forgery = noteBy(checkpointText(20), LEDGER_SIGNER).concat(
    checkpointNote(19, first!).split('\n\n')[1]!,
  )
  return {
    description:
      'Proofs, the entry they are about (hex), a trust file or null, and the answer: the verdict and the codes of its findings in order.',
    cases: [
      { name: 'an entry of a trusted ledger', proof: text, entry, trust, verdict: 'valid', codes: [] },
      {
        name: 'the only entry of a ledger',
        proof: proof(0, 1, checkpointNote(1)),
        entry: '',
        trust,
        verdict: 'valid',
        codes: [],
      },
      {
        name: 'extra data, which nothing authenticates',
        proof: text.replace('index', 'extra aGVsbG8=\nindex'),
        entry,
        trust,
        verdict: 'valid',
        codes: [],
      },
      {
        name: 'two witnesses where two are asked for',
        proof: proof(9, 20, checkpointNote(20, LEDGER_SIGNER, first!, second!)),
        entry,
        trust: twoOfTwo,
        verdict: 'valid',
        codes: [],
      },
      {
        name: 'one witness where two are asked for',
        proof: witnessed,
        entry,
        trust: twoOfTwo,
        verdict: 'incomplete',
        codes: ['witness_quorum'],
      },
      {
        name: 'a forged cosignature of a trusted witness',
        proof: proof(9, 20, forgery),
        entry,
        trust: trustFile(WITNESSES, 0),
        verdict: 'invalid',
        codes: ['witness_signature'],
      },
      {
        name: 'no trust file',
        proof: text,
        entry,
        trust: null,
        verdict: 'incomplete',
        codes: ['trust_missing'],
      },
      {
        name: 'a trust file without this ledger',
        proof: text,
        entry,
        trust: { ledgers: [] },
        verdict: 'incomplete',
        codes: ['trust_missing'],
      },
      {
        name: 'another entry',
        proof: text,
        entry: toHex(ENTRIES[8]!),
        trust,
        verdict: 'invalid',
        codes: ['proof_inclusion'],
      },
      {
        name: 'another index',
        proof: text.replace('index 9', 'index 8'),
        entry,
        trust,
        verdict: 'invalid',
        codes: ['proof_inclusion'],
      },
      {
        name: 'an index outside the tree',
        proof: text.replace('index 9', 'index 20'),
        entry,
        trust,
        verdict: 'invalid',
        codes: ['proof_inclusion'],
      },
      {
        name: 'a checkpoint of a stranger',
        proof: proof(9, 20, checkpointNote(20, STRANGER)),
        entry,
        trust,
        verdict: 'invalid',
        codes: ['checkpoint_signature'],
      },
      {
        name: 'a changed checkpoint',
        proof: text.replace('\n20\n', '\n21\n'),
        entry,
        trust,
        verdict: 'invalid',
        codes: ['checkpoint_signature'],
      },
      {
        name: 'a malformed checkpoint',
        proof: text.replace('\n20\n', '\n020\n'),
        entry,
        trust,
        verdict: 'invalid',
        codes: ['checkpoint_malformed'],
      },
      {
        name: 'another version',
        proof: text.replace('@v1', '@v2'),
        entry,
        trust,
        verdict: 'invalid',
        codes: ['proof_malformed'],
      },
      {
        name: 'an index with a leading zero',
        proof: text.replace('index 9', 'index 09'),
        entry,
        trust,
        verdict: 'invalid',
        codes: ['proof_malformed'],
      },
      {
        name: 'no header',
        proof: text.slice(text.indexOf('index')),
        entry,
        trust,
        verdict: 'invalid',
        codes: ['proof_malformed'],
      },
    ],
  }
}

function savedAnswer(start: number, end: number) {
  const { paths } = inclusionPaths(LEAVES.slice(start, end))
  const receipts = paths.map((path, position) => ({
    position,
    id: `01970000-0000-7000-8000-${String(start + position).padStart(12, '0')}`,
    ledger: 'vectors',
    index: start + position,
    leafHash: toHex(LEAVES[start + position]!),
    status: 'recorded',
    path: path.map(toBase64),
  }))
  const promise = noteBy(promiseText(start, end), RECEIPT_SIGNER)
  return { recorded: end - start, duplicates: 0, rejected: 0, receipts, promise, errors: [] }
}

/** Saved answers and single receipts, with known heads to compare them with, and the verdict. */
export function receiptVectors(): object {
  const trust = trustFile()
  const answer = savedAnswer(7, 12)
  const [receipt, ...others] = answer.receipts
  const { path: _, ...duplicate } = { ...receipt!, status: 'duplicate' }
  const wholeLedger = savedAnswer(0, 5)
  const forked = LEAVES.with(3, hashLeaf(utf8('another entry')))
  const fork = noteBy(checkpointText(5, forked), LEDGER_SIGNER)
  const imposter = noteBy(promiseText(7, 12), noteSigner(`${ORIGIN}/promise`, 3))
  const swapped = { ...receipt!, path: others[0]!.path }
  return {
    description:
      'Receipts as they are saved, known heads (texts of checkpoints, or saved answers as text), a trust file or null, and the answer: the verdict and the codes of its findings in order.',
    cases: [
      {
        name: 'an answer with five receipts',
        receipt: answer,
        against: [],
        trust,
        verdict: 'valid',
        codes: [],
      },
      {
        name: 'one receipt with the promise inside',
        receipt: { ...others[2]!, promise: answer.promise },
        against: [],
        trust,
        verdict: 'valid',
        codes: [],
      },
      { name: 'a batch of one', receipt: savedAnswer(7, 8), against: [], trust, verdict: 'valid', codes: [] },
      {
        name: 'no trust file',
        receipt: answer,
        against: [],
        trust: null,
        verdict: 'incomplete',
        codes: ['trust_missing'],
      },
      {
        name: 'a duplicate among them',
        receipt: { ...answer, receipts: [duplicate, ...others] },
        against: [],
        trust,
        verdict: 'incomplete',
        codes: ['receipt_unproven'],
      },
      {
        name: 'nothing but duplicates',
        receipt: { ...answer, receipts: [duplicate], promise: null },
        against: [],
        trust,
        verdict: 'incomplete',
        codes: ['promise_missing'],
      },
      {
        name: 'the path of another receipt',
        receipt: { ...answer, receipts: [swapped, ...others] },
        against: [],
        trust,
        verdict: 'invalid',
        codes: ['receipt_path'],
      },
      {
        name: 'another leaf',
        receipt: { ...receipt!, leafHash: toHex(LEAVES[0]!), promise: answer.promise },
        against: [],
        trust,
        verdict: 'invalid',
        codes: ['receipt_path'],
      },
      {
        name: 'another index inside the promise',
        receipt: { ...receipt!, index: 8, promise: answer.promise },
        against: [],
        trust,
        verdict: 'invalid',
        codes: ['receipt_path'],
      },
      {
        name: 'an index outside the promise',
        receipt: { ...receipt!, index: 12, promise: answer.promise },
        against: [],
        trust,
        verdict: 'invalid',
        codes: ['receipt_path'],
      },
      {
        name: 'a promise of a stranger',
        receipt: { ...answer, promise: imposter },
        against: [],
        trust,
        verdict: 'invalid',
        codes: ['promise_signature'],
      },
      {
        name: 'a promise signed by the checkpoint key',
        receipt: { ...answer, promise: noteBy(promiseText(7, 12), LEDGER_SIGNER) },
        against: [],
        trust,
        verdict: 'invalid',
        codes: ['promise_signature'],
      },
      {
        name: 'a checkpoint in place of the promise',
        receipt: { ...answer, promise: checkpointNote(20) },
        against: [],
        trust,
        verdict: 'invalid',
        codes: ['promise_malformed'],
      },
      {
        name: 'a leaf hash that is too short',
        receipt: { ...receipt!, leafHash: '00', promise: answer.promise },
        against: [],
        trust,
        verdict: 'invalid',
        codes: ['receipt_malformed'],
      },
      {
        name: 'a checkpoint over exactly the promised leaves',
        receipt: wholeLedger,
        against: [checkpointNote(5)],
        trust,
        verdict: 'valid',
        codes: [],
      },
      {
        name: 'a checkpoint that ends before the promise',
        receipt: answer,
        against: [checkpointNote(9)],
        trust,
        verdict: 'valid',
        codes: ['promise_pending'],
      },
      {
        name: 'a checkpoint that covers more',
        receipt: answer,
        against: [checkpointNote(20)],
        trust,
        verdict: 'valid',
        codes: ['head_incomparable'],
      },
      {
        name: 'a checkpoint of a fork',
        receipt: wholeLedger,
        against: [fork],
        trust,
        verdict: 'invalid',
        codes: ['promise_contradicted'],
      },
      {
        name: 'a checkpoint nobody trusted signed',
        receipt: wholeLedger,
        against: [checkpointNote(5, STRANGER)],
        trust,
        verdict: 'incomplete',
        codes: ['head_unverified'],
      },
      {
        name: 'another answer of the same ledger',
        receipt: answer,
        against: [JSON.stringify(wholeLedger)],
        trust,
        verdict: 'valid',
        codes: [],
      },
      {
        name: 'a head that is nothing of the kind',
        receipt: answer,
        against: ['hello'],
        trust,
        verdict: 'incomplete',
        codes: ['head_malformed'],
      },
    ],
  }
}
