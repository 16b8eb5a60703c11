/** What ledgers of tests are told about who is outside. */
import { cp } from 'node:fs/promises'
import { parsePolicy, parseTrust, type Trust } from '@deponent/format'
import { expect, vi } from 'vitest'
import type { Outside } from '../../packages/server/src/ledger/anchoring.ts'
import type { Ledger } from '../../packages/server/src/ledger/ledger.ts'
import { realHttpClient } from '../../packages/server/src/platform/http-client.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { checkpointKey, drafts, newPlace, openLedger, ORIGIN, type Place } from '../ledger/open-ledger.ts'

/** A witness that runs somewhere. */
export interface RunningWitness {
  readonly vkey: string
  readonly url: string
}

/** Asks these witnesses; `quorum` is any, all or how many of them are enough. */
export function asking(witnesses: readonly RunningWitness[], quorum = 'all'): Outside {
  const lines = witnesses.map(({ vkey, url }, i) => `witness w${i} ${vkey} ${url}/\n`)
  const members = witnesses.map((_, i) => `w${i}`).join(' ')
  return {
    http: realHttpClient,
    random: realRandom,
    policy: parsePolicy(`${lines.join('')}group enough ${quorum} ${members}\nquorum enough\n`),
    timestampUrls: [],
    timestampEveryMs: 3_600_000,
    diagnose: () => undefined,
  }
}

/** Trust in the ledger of tests and in these witnesses. */
export function trusting(witnesses: readonly RunningWitness[], quorum = witnesses.length): Trust {
  const keys = [{ vkey: checkpointKey.vkey, use: 'checkpoint' }]
  const vkeys = witnesses.map(({ vkey }) => vkey)
  return parseTrust({ ledgers: [{ origin: ORIGIN, keys, witnesses: vkeys, quorum }] })
}

export const patiently = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 60_000, interval: 50 })

/** Waits until a checkpoint of this size has its quorum. */
export async function cosigned(ledger: Ledger, size: number): Promise<void> {
  await patiently(() => {
    expect(ledger.checkpoint?.size).toBe(size)
    expect(ledger.outside()?.quorum?.met).toBe(true)
  })
}

/** Two copies of one ledger of three entries, each with its own signer: both can go on, and that is a fork. */
export async function forkedPlaces(): Promise<[Place, Place]> {
  const one = await newPlace()
  const ledger = await openLedger(one)
  await ledger.append(drafts(3))
  await ledger.close()
  const other = await newPlace()
  await cp(one.directory, other.directory, { recursive: true })
  await cp(one.signerDirectory, other.signerDirectory, { recursive: true })
  return [one, other]
}
