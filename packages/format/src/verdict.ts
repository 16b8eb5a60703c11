/**
 * What a check answers. A verdict is an answer and not an exception: findings name every reason, not
 * just the first.
 *
 *   invalid     some finding is an error: something recorded is not what was promised or witnessed
 *   incomplete  no error, but some finding is a gap: something needed for the answer is not there
 *   valid       neither
 */

/** How a finding weighs on the verdict. */
export type Severity = 'error' | 'gap' | 'info'

/** The answer of a check. */
export type Verdict = 'valid' | 'invalid' | 'incomplete'

/**
 * Every finding there is, and what it means. The list is closed: a checker of ours reports nothing
 * else, and a code, once released, keeps its meaning.
 */
export const FINDING_CODES = {
  // Trust: whose word the verdict rests on.
  trust_self: "checked against the operator's own key; no outside witness",
  trust_missing: 'no trusted key for this origin was supplied, so no signature could be checked',
  trust_malformed: 'the trust file cannot be read',
  trust_extended: 'trust in a key was followed to the one that replaced it, as an entry signed by both says',
  rotation_invalid:
    'an entry about a change of keys is not signed by both, or not where its statement puts it',
  succession_mismatch: 'a ledger says that it succeeds another, and that one is not what it says',
  succession_missing: 'a ledger succeeds another that is not here to be compared',
  witness_quorum: 'fewer trusted witnesses cosigned the checkpoint than the trust file asks for',
  witness_signature: 'a cosignature names a trusted witness and does not verify',
  head_malformed: 'a known head given for comparison is neither a checkpoint nor a receipt',
  head_unverified: 'a known head is not signed by a trusted key and was not believed',
  head_unrelated: 'a known head belongs to another ledger and says nothing about this one',
  head_incomparable: 'a known head covers this, but more than the two texts is needed to compare them',

  // Checkpoints, tree and tiles.
  checkpoint_missing: 'there is no checkpoint',
  checkpoint_malformed: 'the checkpoint cannot be read',
  checkpoint_signature: 'the checkpoint is not signed by a trusted key of its origin',
  checkpoint_behind: 'entries after the checkpoint are under no signature yet',
  checkpoint_origin: 'the checkpoint names another ledger than the one checked',
  root_mismatch: "the stored entries do not lead to the checkpoint's root",
  leaf_mismatch: 'an entry does not hash to the leaf stored or promised for it',
  entry_malformed: 'an entry is not a well-formed entry',
  entry_missing: 'an entry the checkpoint covers is not there',
  entry_tile_malformed: 'a tile of entries cannot be read',
  tile_malformed: 'a tile of hashes cannot be read',
  tile_missing: 'a tile the checkpoint calls for is not there',
  tile_mismatch: 'a stored tile differs from the hashes of what lies below it',
  tile_unfinished: 'tiles were cut short by a power cut while the log still holds all their entries',
  tile_unexpected: 'a file lies among the tiles that no checkpoint calls for',
  received_at_decreases: 'an entry was received before the entry in front of it',
  received_at_contradicted: 'an entry says it was received at a time that what others saw rules out',
  id_repeated: 'two entries carry the same id',
  rolled_back: 'the ledger is behind, or differs from, a head that was known before',
  ledger_behind: 'the ledger is behind a head its signer knows and must not be written',

  // Anchors: what others said about the time of a checkpoint.
  anchor_malformed: 'an anchor cannot be read',
  anchor_signature: 'the checkpoint of an anchor is not signed by a trusted key of its origin',
  anchor_mismatch: 'the checkpoint of an anchor is not a state this ledger was ever in',
  timestamp_malformed: 'a timestamp cannot be read, or its own signature does not hold',
  timestamp_mismatch: 'a timestamp is of other bytes than the checkpoint it is kept with',
  timestamp_untrusted: 'a timestamp is by an authority the trust file names no root for',

  // Promises and receipts.
  receipt_malformed: 'the receipt cannot be read',
  receipt_path: "a receipt's path does not lead from its leaf to the promised root",
  receipt_unproven: 'a receipt without a path: the promise given with it does not cover it',
  promise_malformed: 'the promise cannot be read',
  promise_missing: 'there is no promise, so the receipts rest on nothing signed',
  promise_signature: 'the promise is not signed by a trusted receipt key of its origin',
  promise_contradicted: 'two signed statements of the ledger contradict each other: proof of misbehaviour',
  promise_pending: 'the promise is of entries that no checkpoint covers yet',

  // Proofs.
  proof_malformed: 'the proof cannot be read',
  proof_inclusion: 'the proof does not lead from the leaf to the root of its checkpoint',
  proof_consistency: 'the larger tree is not shown to be an extension of the smaller one',

  // Bundles and evidence files.
  bundle_malformed: 'the bundle cannot be read',
  verifier_unknown: 'the verifier inside the file is not the one of this version and was not believed',

  // Payloads, commitments and disclosures.
  payload_missing: 'the sealed payload of an entry is not there and no tombstone says why',
  payload_unopened: 'payloads were not opened, because the key to do so was not supplied',
  payload_unreadable: 'a sealed payload does not open under its key',
  payload_mismatch: 'a payload is not the one its entry commits to',
  payload_malformed: 'an opened payload is not a canonical record',
  disclosure_malformed: 'a disclosed leaf cannot be read',
  shape_withheld: 'the shape leaf is not disclosed, so a pointer may have been committed twice',
  fields_withheld: 'some fields are not disclosed; nothing is said about their content',
  payload_withheld: 'a payload is withheld as a whole; nothing is said about its content',
  shape_mismatch: 'a disclosed leaf is not where the disclosed shape puts it',

  // Erasure.
  payload_erased: 'a payload is erased, as an erasure entry shows',
  erasure_unproven: 'a payload is said to be erased without a tombstone that opens to an erasure entry',
  erasure_pending: 'an erasure was begun and not yet completed',

  // Vault, keyring and write-ahead log.
  segment_damaged: 'a frame of a vault segment differs from the digest in its footer',
  segment_footer: 'the footer of a vault segment is missing, malformed or not the recorded one',
  segment_missing: 'a vault segment recorded in the ledger is not there',
  dictionary_damaged: 'a learned dictionary that payloads are coded with is missing or damaged',
  keyring_damaged: 'the keyring has a page that cannot be read',
  keyring_older: 'the keyring is older than the vault it should open',
  wal_corrupt: 'the write-ahead log is damaged in front of frames that were acknowledged',
  wal_torn_tail: 'the write-ahead log ends in a frame that was never completed',
  state_missing: "the signer's own state is not there, so its last checkpoint is unknown",

  // Emitters and coverage.
  emitter_gap: 'an emitter numbered records that never arrived',
  emitter_fork: 'an emitter gave one number to two different records',
  emitter_content_altered_by_policy: 'policy dropped fields, so the record is not the one its emitter hashed',
  emitter_head_mismatch: "an emitter's stated head does not follow from its records",
  emitter_loss: 'an emitter declared the loss of records',
  emitter_duplicate: 'two entries carry one number of an emitter and the same content',
  emitter_unclosed: 'an emitter began a new epoch and never closed the one before, so its end is not known',
  emitter_silent: 'an emitter was not heard from for longer than it declared',
  emitter_unproven: 'what is claimed of an emitter is not shown by what was supplied',
  counter_difference: 'a declared counter and the records of the same time differ',
  coverage_undeclared: 'no emitter numbers its records, so missing ones cannot be known',

  // Directory, projection and retention.
  format_unknown: 'the directory was written by a version this one does not know',
  format_damaged: 'the description of the directory cannot be read',
  format_draft: 'the directory is of the draft version 0, which no release reads',
  projection_rejected: 'the index refused a row; the record itself is kept',
  projection_mismatch: 'the index holds another number of rows than the ledger has entries',
  retention_unset: 'no retention is configured, so nothing is ever deleted',
  scrub_overdue: 'stored bytes were not re-read for longer than configured',
  not_checked: 'a part lies outside this check and was not looked at',
} as const satisfies Record<string, string>

/** The name of a finding. */
export type FindingCode = keyof typeof FINDING_CODES

/** One reason for a verdict. */
export interface Finding {
  readonly severity: Severity
  readonly code: FindingCode
  /** The ledger index it is about, where there is one. */
  readonly index?: number
  /** For people; never holds a recorded value. */
  readonly message: string
}

/** How much a check covered. */
export interface Checked {
  /** Entries whose leaf was shown to stand where it is said to stand. */
  readonly entries: number
  /** Checkpoints whose signature was verified. */
  readonly checkpoints: number
  /** Payloads that were opened and committed to again. */
  readonly payloads: number
  /** Entries of any kind whose whole payload is erased. */
  readonly erased: number
}

/** The answer of `verify`, in the shape every interface prints. */
export interface VerifyReport {
  readonly verdict: Verdict
  readonly findings: readonly Finding[]
  readonly checked: Checked
}

/** A finding; the message defaults to the meaning of its code. */
export function finding(severity: Severity, code: FindingCode, message?: string, index?: number): Finding {
  return {
    severity,
    code,
    ...(index === undefined ? {} : { index }),
    message: message ?? FINDING_CODES[code],
  }
}

/** The verdict that findings add up to. */
export function verdictOf(findings: readonly Finding[]): Verdict {
  if (findings.some(({ severity }) => severity === 'error')) return 'invalid'
  if (findings.some(({ severity }) => severity === 'gap')) return 'incomplete'
  return 'valid'
}

/** A report of findings, with the verdict they add up to. */
export function reportOf(findings: readonly Finding[], checked: Partial<Checked> = {}): VerifyReport {
  const nothing: Checked = { entries: 0, checkpoints: 0, payloads: 0, erased: 0 }
  return { verdict: verdictOf(findings), findings, checked: { ...nothing, ...checked } }
}
