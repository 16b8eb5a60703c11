/**
 * Some fields of a record, shown to a stranger: each disclosed leaf brings its salt and its path to the
 * commitment root in the entry, and needs no key. Leaf 0 is the shape, `["", {v, id, pointers}]`; without
 * it nobody can tell whether one pointer was committed twice.
 */
import { FormatError } from '../error.ts'
import { commitLeafHashes, commitNodeHash } from '../hash/sha256.ts'
import { canonicalJson } from '../json/canonical.ts'
import { readJson } from '../json/read.ts'
import type { JsonValue } from '../json/value.ts'
import { verifyInclusion } from '../tree/inclusion.ts'
import { isPosition } from '../tree/position.ts'
import { finding, reportOf } from '../verdict.ts'
import type { Finding, VerifyReport } from '../verdict.ts'

/** Bytes of the salt of one leaf. */
export const SALT_BYTES = 16

/** One leaf of a payload commitment, opened. */
export interface DisclosedLeaf {
  /** Its place among the leaves; 0 is the shape. */
  readonly index: number
  readonly salt: Uint8Array
  /** The RFC 8785 text of `[pointer, value]`. */
  readonly text: string
  /** Sibling hashes up to the commitment root, nearest first. */
  readonly path: readonly Uint8Array[]
}

/** What an entry commits to: `payload.root` and `payload.leaves`, and the entry's own id. */
export interface PayloadCommitment {
  readonly root: Uint8Array
  readonly leaves: number
  readonly id: string
}

/** A field that was shown to be committed to. */
export interface DisclosedField {
  readonly pointer: string
  readonly value: JsonValue
}

/** The verdict over a disclosure and the fields that were shown. */
export interface DisclosureReport extends VerifyReport {
  readonly fields: readonly DisclosedField[]
}

interface OpenLeaf extends DisclosedField {
  readonly index: number
}

/** Checks disclosed leaves against the commitment of an entry. */
export function verifyDisclosure(
  commitment: PayloadCommitment,
  leaves: readonly DisclosedLeaf[],
): DisclosureReport {
  const findings: Finding[] = []
  const open: OpenLeaf[] = []
  for (const leaf of leaves) {
    const opened = openLeaf(leaf, commitment)
    if ('code' in opened) findings.push(opened)
    else open.push(opened)
  }
  const fields = open.filter(({ index }) => index > 0)
  findings.push(...shapeFindings(open, fields, commitment))
  const shown = new Set(fields.map(({ index }) => index)).size
  if (shown < commitment.leaves - 1) findings.push(finding('info', 'fields_withheld'))
  return { ...reportOf(findings), fields: fields.map(({ pointer, value }) => ({ pointer, value })) }
}

function openLeaf(leaf: DisclosedLeaf, { root, leaves }: PayloadCommitment): OpenLeaf | Finding {
  const content = readLeaf(leaf)
  if (content === undefined) return finding('error', 'disclosure_malformed')
  const [leafHash] = commitLeafHashes([leaf.text], leaf.salt)
  if (!verifyInclusion(leafHash!, leaf.index, leaves, leaf.path, root, commitNodeHash)) {
    return finding('error', 'payload_mismatch', 'a disclosed leaf does not lead to the commitment root')
  }
  return { index: leaf.index, ...content }
}

function readLeaf({ index, salt, text }: DisclosedLeaf): DisclosedField | undefined {
  if (!isPosition(index) || salt.length !== SALT_BYTES) return undefined
  const pair = readCanonical(text)
  if (!Array.isArray(pair) || pair.length !== 2) return undefined
  const [pointer, value] = pair
  return typeof pointer === 'string' && value !== undefined ? { pointer, value } : undefined
}

/** The value of an RFC 8785 text; undefined for JSON in any other form. */
function readCanonical(text: string): JsonValue | undefined {
  try {
    const { value, faults } = readJson(text)
    return faults.length === 0 && canonicalJson(value) === text ? value : undefined
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}

function shapeFindings(
  open: readonly OpenLeaf[],
  fields: readonly OpenLeaf[],
  commitment: PayloadCommitment,
): Finding[] {
  const shape = open.find(({ index }) => index === 0)
  if (shape === undefined) return [finding('gap', 'shape_withheld')]
  const pointers = pointersOf(shape, commitment)
  if (pointers === undefined)
    return [finding('error', 'shape_mismatch', 'the disclosed shape is not one of this entry')]
  const misplaced = fields.some(({ index, pointer }) => pointers[index - 1] !== pointer)
  return misplaced ? [finding('error', 'shape_mismatch')] : []
}

/** The pointers of leaves 1… as the shape lists them, if it is a shape of this entry without repetition. */
function pointersOf(
  { pointer, value }: OpenLeaf,
  { id, leaves }: PayloadCommitment,
): readonly JsonValue[] | undefined {
  if (pointer !== '' || typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const pointers = value['pointers']
  if (value['v'] !== 0 || value['id'] !== id || !Array.isArray(pointers)) return undefined
  return pointers.length === leaves - 1 && new Set(pointers).size === pointers.length ? pointers : undefined
}
