/**
 * What somebody may know about a ledger besides the ledger itself, and how it is brought to bear: every kind is used the way a verifier
 * or the server uses it, on the directory as the attacker left it.
 */
import {
  type Anchor,
  entryTime,
  type Finding,
  timeFindings,
  type Trust,
  verifyAnchor,
} from '@deponent/format'
import { checkDirectory } from '../check/directory.ts'
import { readContents } from './contents.ts'
import { nativeVerify } from '../ledger/signing-key.ts'
import { contentSecretsOf } from './ground.ts'
import { compareSources, type SourceState } from './numbers.ts'
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
  /** The same, with an authority whose timestamps are believed. */
  trustWithAuthority: Trust
  /** The newest checkpoint, timestamped an hour later. */
  anchor: Anchor
  /** What the sources of the ledger know of their own numbering. */
  sources: readonly SourceState[]
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
    name: 'timestamp',
    heading: 'timestamp',
    words: 'a timestamp over the newest checkpoint',
    look: compareTimes,
  },
  {
    name: 'source',
    heading: 'source',
    words: "the source's own numbers",
    look: compareNumbers,
  },
  {
    name: 'signer',
    heading: 'signer',
    words: "the signer's own state",
    look: restart,
  },
]

/** Takes the timestamped checkpoint for a known head, and its time for a bound of the time of every entry. */
async function compareTimes(
  attacked: Attacked,
  { trustWithAuthority: trust, anchor }: Outside,
): Promise<readonly Finding[]> {
  const { times, findings } = verifyAnchor(anchor, trust, nativeVerify)
  const found = [...findings, ...(await check(attacked, trust, [anchor.note]))]
  if (found.some(({ severity }) => severity === 'error')) return found
  const { disk, directory, ledger, origin } = attacked
  const { items } = await readContents(disk, directory, ledger, origin)
  return [
    ...found,
    ...items.flatMap(({ entry }, index) => timeFindings(index, entryTime(index, entry.receivedAt, times))),
  ]
}

/** The numbers of the ledger's records, against those their sources gave them. */
async function compareNumbers(attacked: Attacked, { trust, sources }: Outside): Promise<readonly Finding[]> {
  const findings = await check(attacked, trust)
  // What is not whole cannot be counted, and was found out already.
  if (findings.some(({ severity }) => severity === 'error')) return findings
  const { disk, directory, ledger, origin } = attacked
  const secrets = await contentSecretsOf(attacked)
  const { items } = await readContents(disk, directory, ledger, origin)
  if (secrets.contentKeys.length === 0) return findings
  return [...findings, ...compareSources(secrets, items, sources)]
}
