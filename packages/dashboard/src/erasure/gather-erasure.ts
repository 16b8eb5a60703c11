/** Fetches what the check of an erasure receipt needs. */
import { ApiError, getFreshText, getJson, send } from '../client.ts'
import { earlierHead, isSound, keyEvidence, orReason, remember } from '../proof/gather.ts'
import type { Verification } from '../proof/gather.ts'
import { keysIn } from '../proof/keys.ts'
import type { LedgerKeys } from '../proof/keys.ts'
import type { EarlierHead } from '../proof/steps.ts'
import { may } from '../session/state.ts'
import { checkErasure, checkpointOf } from './check-erasure.ts'
import type { ErasureCheck } from './check-erasure.ts'
import type { ErasureReceipt } from './erasure.ts'

/** Takes the evidence of the entry a receipt names, and checks the receipt here. Only an aborted request throws. */
export async function verifyErasure(
  ledger: string,
  receipt: ErasureReceipt,
  signal: AbortSignal,
): Promise<Verification<ErasureCheck>> {
  return orReason(async () => {
    const bundle = await bundleOf(ledger, receipt, signal)
    const { checkpoint } = checkpointOf(bundle)
    const keys = keyEvidence(checkpoint.origin, await shownKeys(ledger, checkpoint.origin, signal))
    const earlier = await earlierIfReadable(`/ledgers/${encodeURIComponent(ledger)}`, checkpoint, signal)
    const check = checkErasure({ ...keys, receipt, bundle, earlier })
    if (isSound(check) && may('ledger')) remember(checkpoint, earlier)
    return { phase: 'done', check, origin: checkpoint.origin, ...keys }
  })
}

/** The entry with its set root shown, which everybody may see. */
async function bundleOf(ledger: string, { entry }: ErasureReceipt, signal: AbortSignal): Promise<string> {
  const order = { from: entry.index, to: entry.index + 1, disclose: ['/setRoot'] }
  const response = await send('/v1/bundles', {
    method: 'POST',
    ledger,
    signal,
    cache: 'no-store',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify(order),
  })
  return response.text()
}

/** The keys the server shows, from the ledger itself where it is open to the reader, otherwise as it lists its ledgers. */
async function shownKeys(
  ledger: string,
  origin: string,
  signal: AbortSignal,
): Promise<LedgerKeys | undefined> {
  if (may('ledger')) {
    const path = `/ledgers/${encodeURIComponent(ledger)}/vkey`
    return keysIn(await getFreshText(path, signal, 'application/json'), origin)
  }
  const { items } = await getJson<{ readonly items: readonly { readonly vkey: string }[] }>('/v1/ledgers', {
    signal,
    cache: 'no-store',
  })
  return keysIn(items.map(({ vkey }) => vkey).join(' '), origin)
}

/** Without the raw ledger there is nothing to compare an earlier head with. */
async function earlierIfReadable(
  prefix: string,
  checkpoint: Parameters<typeof earlierHead>[1],
  signal: AbortSignal,
): Promise<EarlierHead | undefined> {
  if (!may('ledger')) return undefined
  try {
    return await earlierHead(prefix, checkpoint, signal)
  } catch (error) {
    if (error instanceof ApiError) return undefined
    throw error
  }
}
