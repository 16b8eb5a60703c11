/** Checks of what a ledger signs and publishes. */
import {
  consistencyProof,
  equalBytes,
  FormatError,
  hashLeaf,
  inclusionProof,
  KEY_TYPE,
  type NodeReader,
  tileNodes,
  tilePath,
  verifyConsistency,
  verifyInclusion,
  verifyNote,
} from '@deponent/format'
import { failed, notApplicable, type Outcome, PASSED, unless } from './outcome.ts'
import { readKey, type Subject } from './subject.ts'

const NO_CHECKPOINT = notApplicable('there is no checkpoint that can be read')
const NO_KEY = notApplicable('no key is named by the ledger or a trust file')
const UNREAD = notApplicable('the entries could not be read')

export async function noteIsWellFormed(subject: Subject): Promise<Outcome> {
  const { note, fault } = await subject.checkpoint()
  return unless(note ? undefined : fault)
}

export async function checkpointIsWellFormed(subject: Subject): Promise<Outcome> {
  const { note, checkpoint, fault } = await subject.checkpoint()
  if (!note) return NO_CHECKPOINT
  return unless(checkpoint ? undefined : fault)
}

export async function keyIsWellFormed(subject: Subject): Promise<Outcome> {
  const { checkpoint, promise } = await subject.keys()
  if (checkpoint === undefined) return notApplicable('the ledger names no key')
  for (const vkey of [checkpoint, ...(promise === undefined ? [] : [promise])]) {
    const key = readKey(vkey)
    if (!key) return failed('a key it names is no verifier key, or its key id is of another name')
    if (key.type !== KEY_TYPE.ed25519) return failed('a key it names is not of type 0x01')
  }
  return PASSED
}

export async function keysAreNamedByTheOrigin(subject: Subject): Promise<Outcome> {
  const { checkpoint } = await subject.checkpoint()
  const stated = await subject.keys()
  if (!checkpoint) return NO_CHECKPOINT
  if (stated.checkpoint === undefined) return notApplicable('the ledger names no key')
  const [own, promise] = [readKey(stated.checkpoint), stated.promise && readKey(stated.promise)]
  if (own?.name !== checkpoint.origin) return failed('the checkpoint key is not named by the origin')
  if (promise && promise.name !== `${checkpoint.origin}/promise`)
    return failed('the receipt key is not named <origin>/promise')
  return PASSED
}

export async function checkpointIsSigned(subject: Subject): Promise<Outcome> {
  const { note, checkpoint } = await subject.checkpoint()
  if (!note || !checkpoint) return NO_CHECKPOINT
  const keys = await subject.keysFor('checkpoint', checkpoint.origin, checkpoint.size)
  if (keys.length === 0) return NO_KEY
  try {
    return verifyNote(note, keys).length > 0 ? PASSED : failed('no line is by the key of the ledger')
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return failed(error.message)
  }
}

/** One of the faults that reading all tiles finds. */
export function tileFault(
  kind: 'entryTiles' | 'entries' | 'order' | 'widths' | 'hashes',
): (subject: Subject) => Promise<Outcome> {
  return async (subject) => {
    const tiles = await subject.tiles()
    if (!tiles) return NO_CHECKPOINT
    if (tiles.root === undefined && kind !== 'entryTiles') return UNREAD
    return unless(tiles.faults[kind])
  }
}

export async function entriesLeadToTheRoot(subject: Subject): Promise<Outcome> {
  const { checkpoint } = await subject.checkpoint()
  const tiles = await subject.tiles()
  if (!checkpoint || !tiles) return NO_CHECKPOINT
  if (!tiles.root) return UNREAD
  return unless(equalBytes(tiles.root, checkpoint.root) ? undefined : 'they lead to another root')
}

/** Perfect subtrees, from the tiles of the ledger. A tile that is not there is a misfit. */
function nodesOf(subject: Subject, size: number): NodeReader {
  return tileNodes(size, async (level, n, width) => {
    const { status, bytes } = await subject.ledger.get(tilePath(level, n, width))
    if (status !== 200) throw new FormatError('tile_missing', `a tile is not there (status ${status})`)
    return bytes
  })
}

async function misfitAsFailure(check: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await check()
  } catch (error) {
    if (error instanceof FormatError) return failed(error.message)
    throw error
  }
}

export function inclusionCanBeProven(subject: Subject): Promise<Outcome> {
  return misfitAsFailure(async () => {
    const { checkpoint } = await subject.checkpoint()
    const tiles = await subject.tiles()
    if (!checkpoint || !tiles) return NO_CHECKPOINT
    if (tiles.sample.size === 0) return notApplicable('the ledger is empty')
    const { size, root } = checkpoint
    const nodes = nodesOf(subject, size)
    for (const [index, bytes] of tiles.sample) {
      const proof = await inclusionProof(index, size, nodes)
      if (!verifyInclusion(hashLeaf(bytes), index, size, proof, root))
        return failed(`entry ${index} cannot be proven from the tiles`)
    }
    return PASSED
  })
}

export function laterExtendsEarlier(subject: Subject): Promise<Outcome> {
  return misfitAsFailure(async () => {
    const { checkpoint: first } = await subject.checkpoint()
    const { checkpoint: second, fault } = await subject.readCheckpoint()
    if (!first) return NO_CHECKPOINT
    if (!second) return failed(fault ?? 'a later checkpoint cannot be read')
    if (second.origin !== first.origin) return failed('a later checkpoint names another ledger')
    if (second.size < first.size) return failed('a later checkpoint covers fewer entries')
    if (first.size === 0) return PASSED
    const proof = await consistencyProof(first.size, second.size, nodesOf(subject, second.size))
    const isExtension = verifyConsistency(first.size, second.size, first.root, second.root, proof)
    return unless(isExtension ? undefined : 'a later checkpoint does not extend an earlier one')
  })
}

export async function witnessesCosigned(subject: Subject): Promise<Outcome> {
  const { note, checkpoint } = await subject.checkpoint()
  if (!note || !checkpoint) return NO_CHECKPOINT
  const trusted = subject.trusted(checkpoint.origin)
  if (!trusted || trusted.quorum === 0) return notApplicable('the trust file asks for no witness')
  try {
    const keys = trusted.witnesses.flatMap((vkey) => readKey(vkey) ?? [])
    const { length } = verifyNote(note, keys)
    return unless(length >= trusted.quorum ? undefined : `${length} of ${trusted.quorum} witnesses cosigned`)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return failed(error.message)
  }
}
