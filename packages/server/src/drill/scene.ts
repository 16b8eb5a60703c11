/** Where an attack takes place, and what an attack is. */
import { utf8 } from '@deponent/format'
import type { Contents } from './contents.ts'
import { writeSignerState } from './ground.ts'
import type { Attacked } from './place.ts'
import { leavesOf, rewrite } from './rewrite.ts'
import { NoPlaceForAttack, type Sealing } from './sealing.ts'
import { checkpointOf, type LedgerKeys } from './statements.ts'
import type { Witness } from './witness.ts'

/**
 * What an attacker must hold: the files of the data directory, without the keys in it; the keyring too, so that everything can be
 * opened and signed; the signer's own state as well, which lies elsewhere.
 */
export type Needs = 'files' | 'keys' | 'keys and signer state'

/** Places in the true ledger that the attacks and the outside knowledge are about. Sizes ascend in this order. */
export interface Marks {
  /** The decision that is attacked in the middle of the ledger. */
  victim: number
  /** The size of the ledger when the backup was made that an attacker puts back. */
  backup: number
  /** The size of the older checkpoint that somebody outside kept. */
  kept: number
  /** Where a second version of the newest entries begins, after everything that was kept outside. */
  fork: number
  /** The newest decision. */
  newest: number
}

/** The ledger as it truly is, before anything is done to it. */
export interface Truth {
  contents: Contents
  marks: Marks
  /** The signed checkpoint when the backup was made, with the witness's cosignature of then. */
  backupCheckpoint: string
}

/** A copy that may be ruined, and what an attacker can lay hands on. */
export interface Scene extends Attacked, Sealing {
  truth: Truth
  keys: LedgerKeys
  /** Unix ms at which the attack takes place, after everything the ledger holds. */
  now: number
  witness: Witness
}

/** One way of attacking a ledger: what is done to its files, and what somebody must hold to do it. */
export interface Attack {
  name: string
  /** What is done, for people. */
  what: string
  needs: Needs
  /** The record whose receipt would be at hand: the one attacked unless said otherwise. */
  concerns?: 'newest'
  run(scene: Scene): Promise<void>
}

export const ledgerFile = ({ directory, ledger }: Attacked, path: string): string =>
  `${directory}/ledgers/${ledger}/${path}`

/** The bytes of a file that must be there for the attack. */
export async function bytesOf(scene: Scene, path: string): Promise<Uint8Array> {
  const bytes = await scene.disk.read(path)
  if (!bytes || bytes.length === 0)
    throw new NoPlaceForAttack(`there is no ${path.slice(scene.directory.length + 1)}`)
  return bytes.slice()
}

/** Replaces a file by the same with one bit different. */
export async function flipBit(scene: Scene, path: string, at: number): Promise<void> {
  const bytes = await bytesOf(scene, path)
  bytes[at]! ^= 0x01
  await scene.disk.write(path, bytes)
}

/** Writes the whole ledger anew and signs it with the real key, as who holds it can; a witness is asked, and cosigns what it may. */
export async function rebuild(scene: Scene, contents: Contents): Promise<void> {
  await rewrite(scene, contents)
  await signCheckpoint(scene, contents)
}

export async function signCheckpoint(scene: Scene, contents: Contents): Promise<void> {
  const note = checkpointOf(scene.keys, scene.origin, contents)
  await putCheckpoint(scene, scene.witness.cosign(note, leavesOf(contents), scene.now))
}

export async function putCheckpoint(scene: Scene, note: string): Promise<void> {
  await scene.disk.write(ledgerFile(scene, 'checkpoint'), utf8(note))
}

/** Makes the signer believe that this is what it signed last. */
export function putSignerState({ disk, signerDirectory, keys }: Scene, note: string): Promise<void> {
  return writeSignerState(disk, signerDirectory, keys.checkpoint.vkey, note)
}
