/** What an operator wants to know of a ledger at a glance, and what a monitor polls. */
import type { OutsideStatus } from '../../ledger/anchoring.ts'
import type { OffsiteStatus } from '../../offsite/offsite.ts'
import { type Handler, json } from '../call.ts'
import { ledgerOf } from './ledger.ts'

const NOBODY: OutsideStatus = { witnesses: [], quorum: null, timestamps: [] }

export const getLedgerStatus: Handler = (call) => {
  const { offsite, scrub, tenant } = call.services
  const ledger = ledgerOf(call)
  const { origin, size, checkpoint, refusal, signerTrouble } = ledger
  const { witnesses, quorum, timestamps } = ledger.outside() ?? NOBODY
  return json({
    origin,
    size,
    checkpoint: checkpoint ? { size: checkpoint.size, publishedAt: isoTime(checkpoint.publishedAt) } : null,
    writable: refusal ? { ok: false, code: refusal.code, message: refusal.message } : { ok: true },
    witnesses: witnesses.map((witness) => ({ ...witness, lastAt: timeOrNull(witness.lastAt) })),
    quorum,
    timestamps: timestamps.map((authority) => ({ ...authority, at: timeOrNull(authority.at) })),
    signer: {
      vkey: tenant.keys.vkeys.checkpoint,
      process: tenant.hasOwnSigner ? 'own' : 'server',
      answers: signerTrouble === undefined,
      ...(signerTrouble && { since: signerTrouble.since, message: signerTrouble.message }),
      lagEntries: size - (checkpoint?.size ?? 0),
    },
    scrub: scrub.status(),
    offsite: offsite ? offsiteTold(offsite.status()) : null,
  })
}

function offsiteTold({ lastCopiedAt, locks, trouble, ...status }: OffsiteStatus): object {
  return {
    ...status,
    lastCopiedAt: timeOrNull(lastCopiedAt),
    locks: { ...locks, oldestCheckAt: timeOrNull(locks.oldestCheckAt) },
    trouble: trouble && { since: isoTime(trouble.since), message: trouble.message },
  }
}

function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : isoTime(ms)
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}
