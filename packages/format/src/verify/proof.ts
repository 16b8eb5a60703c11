import { FormatError } from '../error.ts'
import type { Ed25519Verify } from '../note.ts'
import { parseTlogProof } from '../tlog-proof.ts'
import type { TlogProof } from '../tlog-proof.ts'
import { verifyInclusion } from '../tree/inclusion.ts'
import { hashLeaf } from '../tree/rfc6962.ts'
import type { Trust } from '../trust.ts'
import { finding, reportOf } from '../verdict.ts'
import type { VerifyReport } from '../verdict.ts'
import { compareBundleWithHead, readHead } from './head.ts'
import { verifyCheckpointNote } from './signed.ts'

/** What a proof is about: the bytes of an entry, or the leaf hash somebody computed from them. */
export type ProvenLeaf = { readonly entry: Uint8Array } | { readonly leafHash: Uint8Array }

/**
 * Checks a tlog-proof: the checkpoint in it is signed as `trust` asks, and the leaf stands at the proof's
 * index below its root. Every way of being malformed is a finding.
 */
export function verifyTlogProof(
  text: string,
  leaf: ProvenLeaf,
  trust?: Trust,
  verifySignature?: Ed25519Verify,
): VerifyReport {
  const proof = readProof(text)
  if (proof instanceof FormatError) return reportOf([finding('error', 'proof_malformed', proof.message)])
  const checkpoint = verifyCheckpointNote(proof.checkpointNote, trust, verifySignature)
  const checkpoints = checkpoint.signed ? 1 : 0
  if (checkpoint.stated === undefined) return reportOf(checkpoint.findings)
  const { size, root } = checkpoint.stated
  const leafHash = 'entry' in leaf ? hashLeaf(leaf.entry) : leaf.leafHash
  if (verifyInclusion(leafHash, proof.index, size, proof.hashes, root)) {
    return reportOf(checkpoint.findings, { entries: 1, checkpoints })
  }
  return reportOf([...checkpoint.findings, finding('error', 'proof_inclusion', undefined, proof.index)], {
    checkpoints,
  })
}

/** What a saved proof may be checked with. */
export interface ProofCheck {
  /** The entry it is about; without it the `extra` data of the proof is taken for the entry, if there is any. */
  readonly entry?: Uint8Array
  readonly trust?: Trust
  /** Known heads that the checkpoint in the proof must not contradict. */
  readonly against?: readonly string[]
  readonly verifySignature?: Ed25519Verify
}

/** Checks a proof somebody saved. Without the entry it is about it shows a signed checkpoint and no more. */
export function verifySavedProof(text: string, check: ProofCheck): VerifyReport {
  const { trust, verifySignature } = check
  const proof = readProof(text)
  if (proof instanceof FormatError) return reportOf([finding('error', 'proof_malformed', proof.message)])
  const entry = check.entry ?? proof.extra
  const checkpoint = verifyCheckpointNote(proof.checkpointNote, trust, verifySignature)
  const report =
    entry === undefined
      ? reportOf([...checkpoint.findings, finding('gap', 'entry_missing', NO_ENTRY, proof.index)], {
          checkpoints: checkpoint.signed ? 1 : 0,
        })
      : verifyTlogProof(text, { entry }, trust, verifySignature)
  const leaves = new Map(entry && report.checked.entries > 0 ? [[proof.index, hashLeaf(entry)]] : [])
  const view =
    checkpoint.stated !== undefined && checkpoint.signed
      ? { checkpoint: checkpoint.stated, roots: new Map<number, Uint8Array>(), leaves }
      : undefined
  const heads = (check.against ?? []).map((head) => readHead(head, trust, verifySignature))
  const compared = heads.flatMap((head) => compareBundleWithHead(view, head))
  return reportOf([...report.findings, ...compared], report.checked)
}

const NO_ENTRY = 'the proof is of an entry that is not here'

function readProof(text: string): TlogProof | FormatError {
  try {
    return parseTlogProof(text)
  } catch (error) {
    if (error instanceof FormatError) return error
    throw error
  }
}
