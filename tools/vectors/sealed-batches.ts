/** A batch sealed to a ledger: with the secret of its sender, which is drawn at random otherwise, the bytes are always the same. */
import { sealBatch, sealingPublicKey, toBase64, toHex, utf8 } from '../../packages/format/src/index.ts'
import type { BatchHead } from '../../packages/format/src/index.ts'

const SECRET = new Uint8Array(32).fill(1)
const EPHEMERAL = new Uint8Array(32).fill(2)
const BODY = '{"decisionId":"loan-1","modelId":"m","prediction":"declined"}'

export async function sealedBatchVectors(): Promise<object> {
  const emitter = { id: 'till-1', epoch: 7, numbers: [[12, 'ab'.repeat(32)] as const] }
  const head: BatchHead = {
    path: '/v1/decisions',
    at: 1_795_000_000_000,
    records: 1,
    coding: 'identity',
    emitter,
  }
  const sealed = await sealBatch(head, utf8(BODY), sealingPublicKey(SECRET), EPHEMERAL)
  return {
    secret: toHex(SECRET),
    publicKey: toHex(sealingPublicKey(SECRET)),
    ephemeral: toHex(EPHEMERAL),
    head,
    body: BODY,
    sealed: toBase64(sealed),
  }
}
