import { trustSelf, verifyTlogProof } from '@deponent/format'
import type { Trust, VerifyReport } from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { CHECKPOINT_SIGNER, checkpointNote, LEAVES, ORIGIN, proofText, TRUST } from './ledger-of-tests.ts'
import { signer, witness } from './signer.ts'

const ENTRY = { entry: new TextEncoder().encode('entry 9') }
const LEAF = { leafHash: LEAVES[9]! }
const WITNESSES = [21, 22, 23].map((seed) => witness(`witness.example/${seed}`, seed, 1_795_000_000))

function withWitnesses(quorum: number): Trust {
  return { ledgers: [{ ...TRUST.ledgers[0]!, witnesses: WITNESSES.map(({ key }) => key.vkey), quorum }] }
}

function outcome({ verdict, findings }: VerifyReport): string {
  return [verdict, ...findings.map(({ code }) => code)].join(' ')
}

describe('a proof', () => {
  test('shows that an entry, or its leaf hash, stands in a trusted ledger', () => {
    for (const leaf of [ENTRY, LEAF]) {
      expect(verifyTlogProof(proofText(9, 20), leaf, TRUST)).toEqual({
        verdict: 'valid',
        findings: [],
        checked: { entries: 1, checkpoints: 1, payloads: 0, erased: 0 },
      })
    }
  })

  test('shows nothing about another entry, index or checkpoint', () => {
    expect(outcome(verifyTlogProof(proofText(8, 20), ENTRY, TRUST))).toBe('invalid proof_inclusion')
    const elsewhere = proofText(9, 20).replace('index 9', 'index 8')
    expect(outcome(verifyTlogProof(elsewhere, ENTRY, TRUST))).toBe('invalid proof_inclusion')
    const older = proofText(9, 20, checkpointNote(12))
    expect(outcome(verifyTlogProof(older, ENTRY, TRUST))).toBe('invalid proof_inclusion')
    const beyond = proofText(9, 20, checkpointNote(5))
    expect(outcome(verifyTlogProof(beyond, ENTRY, TRUST))).toBe('invalid proof_inclusion')
  })

  test('under a checkpoint of another key is not believed', () => {
    const note = checkpointNote(20, LEAVES, [signer(ORIGIN, 99)])
    expect(outcome(verifyTlogProof(proofText(9, 20, note), ENTRY, TRUST))).toBe(
      'invalid checkpoint_signature',
    )
  })

  test('without trust is incomplete, and still wrong when it is wrong', () => {
    expect(outcome(verifyTlogProof(proofText(9, 20), ENTRY))).toBe('incomplete trust_missing')
    expect(outcome(verifyTlogProof(proofText(8, 20), ENTRY))).toBe('invalid trust_missing proof_inclusion')
  })

  test("under the operator's own key says so", () => {
    const trust = trustSelf(ORIGIN, { checkpoint: CHECKPOINT_SIGNER.key.vkey })
    expect(outcome(verifyTlogProof(proofText(9, 20), ENTRY, trust))).toBe('valid trust_self')
  })

  test('needs as many different witnesses as the trust file asks for', () => {
    const [first, second] = WITNESSES
    const once = proofText(9, 20, checkpointNote(20, LEAVES, [CHECKPOINT_SIGNER, first!, first!]))
    const twice = proofText(9, 20, checkpointNote(20, LEAVES, [CHECKPOINT_SIGNER, first!, second!]))
    expect(outcome(verifyTlogProof(once, ENTRY, withWitnesses(1)))).toBe('valid')
    expect(outcome(verifyTlogProof(once, ENTRY, withWitnesses(2)))).toBe('incomplete witness_quorum')
    expect(outcome(verifyTlogProof(twice, ENTRY, withWitnesses(2)))).toBe('valid')
    expect(outcome(verifyTlogProof(proofText(9, 20), ENTRY, withWitnesses(1)))).toBe(
      'incomplete witness_quorum',
    )
  })

  test('with a forged cosignature of a trusted witness is refused, though no quorum is asked', () => {
    const forger = { key: WITNESSES[0]!.key, sign: () => WITNESSES[0]!.sign('something else\n') }
    const note = checkpointNote(20, LEAVES, [CHECKPOINT_SIGNER, forger])
    expect(outcome(verifyTlogProof(proofText(9, 20, note), ENTRY, withWitnesses(0)))).toBe(
      'invalid witness_signature',
    )
    expect(outcome(verifyTlogProof(proofText(9, 20, note), ENTRY, TRUST))).toBe('valid')
  })

  test('that can not be read is malformed, not an exception', () => {
    expect(outcome(verifyTlogProof('', ENTRY, TRUST))).toBe('invalid proof_malformed')
    expect(outcome(verifyTlogProof(proofText(9, 20).replace('index', 'INDEX'), ENTRY, TRUST))).toBe(
      'invalid proof_malformed',
    )
    const noCheckpoint = proofText(9, 20).replace('\n20\n', '\n020\n')
    expect(outcome(verifyTlogProof(noCheckpoint, ENTRY, TRUST))).toBe('invalid checkpoint_malformed')
    expect(outcome(verifyTlogProof(proofText(9, 20), { leafHash: new Uint8Array(31) }, TRUST))).toBe(
      'invalid proof_inclusion',
    )
  })
})
