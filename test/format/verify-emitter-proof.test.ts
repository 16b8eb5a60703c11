import { formatCheckpoint, parseTrust, rootOf, verifyEmitterProof, writeEmitterProof } from '@deponent/format'
import { expect, test } from 'vitest'
import { nativeVerify } from '../../packages/server/src/ledger/signing-key.ts'
import { sampleBundle } from '../../tools/vectors/bundles.ts'
import { LEDGER_SIGNER, ORIGIN, trustFile } from '../../tools/vectors/ledger.ts'
import { noteBy } from '../../tools/vectors/signers.ts'
import { leavesOf } from './reference-tree.ts'

const TRUST = parseTrust(trustFile())

test('an emitter proof is compared with every known head', () => {
  const { origin, checkpoint, entries } = sampleBundle()
  const [{ index, entry, proof }] = entries as [(typeof entries)[number]]
  const claim = { emitter: 'x', slug: 'e1', epoch: 1, from: 1, to: 1 }
  const declared = { index, entry, proof, disclosed: [] }
  const text = writeEmitterProof({ origin, checkpoint, claim, declared, entries: [], losses: [], heads: [] })
  const size = Number(checkpoint.split('\n')[1])
  const fork = noteBy(formatCheckpoint({ origin: ORIGIN, size, root: rootOf(leavesOf(size)) }), LEDGER_SIGNER)
  const codes = (against: string[]): string[] =>
    verifyEmitterProof(text, TRUST, nativeVerify, undefined, against).findings.map(({ code }) => code)
  expect(codes([checkpoint])).not.toContain('rolled_back')
  expect(codes([fork])).toContain('rolled_back')
  expect(codes(['hello'])).toContain('head_malformed')
})
