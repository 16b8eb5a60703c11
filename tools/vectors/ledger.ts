/** The one small ledger most vectors are about. */
import { formatCheckpoint, formatPromise, hashLeaf, rootOf, utf8 } from '../../packages/format/src/index.ts'
import { noteBy, noteSigner, witnessSigner } from './signers.ts'
import type { VectorSigner } from './signers.ts'

export const ORIGIN = 'deponent.invalid/00000000/vectors'
export const AT_MS = 1_795_000_000_000

export const LEDGER_SIGNER = noteSigner(ORIGIN, 1)
export const RECEIPT_SIGNER = noteSigner(`${ORIGIN}/promise`, 2)
export const STRANGER = noteSigner(ORIGIN, 3)
export const WITNESSES = [4, 5].map((seed) => witnessSigner(`witness.example/${seed}`, seed, AT_MS / 1000))

/** Entries of every small length: the empty one first, then `0`, `01`, `012`, … */
export const ENTRIES = Array.from({ length: 33 }, (_, length) =>
  utf8(Array.from({ length }, (_, i) => String(i % 10)).join('')),
)
export const LEAVES = ENTRIES.map(hashLeaf)

export function checkpointText(size: number, leaves = LEAVES): string {
  return formatCheckpoint({ origin: ORIGIN, size, root: rootOf(leaves.slice(0, size)) })
}

export function checkpointNote(size: number, ...signers: readonly VectorSigner[]): string {
  return noteBy(checkpointText(size), ...(signers.length > 0 ? signers : [LEDGER_SIGNER]))
}

export function promiseText(start: number, end: number): string {
  return formatPromise({ origin: ORIGIN, start, end, root: rootOf(LEAVES.slice(start, end)), at: AT_MS })
}

/** The trust file that goes with it. */
export function trustFile(witnesses: readonly VectorSigner[] = [], quorum = 0): object {
  return {
    ledgers: [
      {
        origin: ORIGIN,
        keys: [
          { vkey: LEDGER_SIGNER.vkey, use: 'checkpoint', sizes: '0..' },
          { vkey: RECEIPT_SIGNER.vkey, use: 'promise', sizes: '0..' },
        ],
        witnesses: witnesses.map(({ vkey }) => vkey),
        quorum,
        timestampRoots: [],
      },
    ],
  }
}
