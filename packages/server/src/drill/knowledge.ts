/**
 * What somebody may know about a ledger besides the ledger itself, and how it is brought to bear: every kind is used the way a verifier
 * or the server uses it, on the directory as the attacker left it.
 */
import { type Finding, finding, type Trust } from '@deponent/format'
import { checkDirectory } from '../check/directory.ts'
import { readContents } from './contents.ts'
import type { Attacked } from './place.ts'
import { restart } from './restart.ts'

/** What was put aside before the attack, where the attacker cannot reach it. */
export interface Outside {
  /** The ledger's own keys, pinned. */
  trust: Trust
  /** The same, with a witness that must have cosigned. */
  trustWithWitness: Trust
  /** An older signed checkpoint. */
  checkpoint: string
  /** The receipt of the record an attack is about. */
  receipt: string
  /** How many decisions their source says it sent. */
  sent: number
}

export interface Knowledge {
  name: string
  /** What the column of a table is called. */
  heading: string
  /** What it is, for people, behind "not detectable without". */
  words: string
  look(attacked: Attacked, outside: Outside): Promise<readonly Finding[]>
}

const check = async (
  { disk, directory }: Attacked,
  trust?: Trust,
  against: readonly string[] = [],
): Promise<readonly Finding[]> =>
  (await checkDirectory(disk, directory, { ...(trust && { trust }), against })).findings

/** The kinds of knowledge, from the least to the most. All but the first pin the ledger's keys. */
export const KNOWLEDGE: readonly Knowledge[] = [
  {
    name: 'nothing',
    heading: 'alone',
    words: 'nothing but the directory',
    look: (attacked) => check(attacked),
  },
  {
    name: 'keys',
    heading: 'keys',
    words: "the ledger's keys, pinned in a trust file",
    look: (attacked, { trust }) => check(attacked, trust),
  },
  {
    name: 'checkpoint',
    heading: 'checkpoint',
    words: 'an older checkpoint',
    look: (attacked, { trust, checkpoint }) => check(attacked, trust, [checkpoint]),
  },
  {
    name: 'receipt',
    heading: 'receipt',
    words: 'the receipt of the record',
    look: (attacked, { trust, receipt }) => check(attacked, trust, [receipt]),
  },
  {
    name: 'cosignature',
    heading: 'witness',
    words: 'a witness that must have cosigned',
    look: (attacked, { trustWithWitness }) => check(attacked, trustWithWitness),
  },
  {
    name: 'count',
    heading: 'count',
    words: "the source's own count of what it sent",
    look: countSent,
  },
  {
    name: 'signer',
    heading: 'signer',
    words: "the signer's own state",
    look: restart,
  },
]

/** The decisions there are, against the number their source says it sent. */
async function countSent(attacked: Attacked, { trust, sent }: Outside): Promise<readonly Finding[]> {
  const findings = await check(attacked, trust)
  if (findings.some(({ severity }) => severity !== 'info')) return findings
  const { disk, directory, ledger, origin } = attacked
  const { items } = await readContents(disk, directory, ledger, origin)
  const found = items.filter(({ entry }) => entry.kind === 'decision').length
  if (found < sent) return [...findings, finding('gap', 'emitter_gap', `${found} of ${sent} are recorded`)]
  if (found === sent) return findings
  const message = `${found} are recorded, their source sent ${sent}`
  return [...findings, finding('error', 'emitter_head_mismatch', message)]
}
