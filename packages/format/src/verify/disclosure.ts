/**
 * Some fields of a record, shown to a stranger: each disclosed leaf brings its salt and its path to the
 * commitment root in the entry, and needs no key. Leaf 0 is the shape, `["", {v, id, pointers}]`; without
 * it nobody can tell whether one pointer was committed twice.
 */
import { concatBytes } from '../bytes.ts'
import { FormatError } from '../error.ts'
import { commitLeafHashes, commitNodeHash } from '../hash/sha256.ts'
import { canonicalJson } from '../json/canonical.ts'
import { readJson } from '../json/read.ts'
import type { JsonValue } from '../json/value.ts'
import { KnownNodes } from '../tree/known-nodes.ts'
import { CLASSIFICATION } from '../records/classification.ts'
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
  /** How many leaves but the shape are not shown. */
  readonly withheld: number
  /** Their pointers, where the shape is shown and fits. */
  readonly withheldPointers?: readonly string[]
}

interface OpenLeaf extends DisclosedField {
  readonly index: number
}

/** Checks disclosed leaves against the commitment of an entry. */
export function verifyDisclosure(
  commitment: PayloadCommitment,
  leaves: readonly DisclosedLeaf[],
): DisclosureReport {
  const { open, findings } = openLeaves(leaves, commitment)
  const fields = open.filter(({ index }) => index > 0)
  const shape = judgeShape(open, fields, commitment)
  findings.push(...shape.findings)
  const shown = new Set(fields.map(({ index }) => index))
  const withheld = commitment.leaves - 1 - shown.size
  if (withheld > 0) findings.push(finding('info', 'fields_withheld'))
  return {
    ...reportOf(findings),
    fields: fields.map(({ pointer, value }) => ({ pointer, value })),
    withheld,
    ...(shape.pointers && { withheldPointers: shape.pointers.filter((_, i) => !shown.has(i + 1)) }),
  }
}

/** The leaves that are shown to be committed to, and what is wrong with the others. */
function openLeaves(
  leaves: readonly DisclosedLeaf[],
  { root, leaves: size }: PayloadCommitment,
): { open: OpenLeaf[]; findings: Finding[] } {
  const findings: Finding[] = []
  const readable: { leaf: DisclosedLeaf; content: DisclosedField }[] = []
  for (const leaf of leaves) {
    const content = readLeaf(leaf)
    if (content === undefined) findings.push(finding('error', 'disclosure_malformed'))
    else readable.push({ leaf, content })
  }
  const hashes = commitLeafHashes(
    readable.map(({ leaf }) => leaf.text),
    concatBytes(...readable.map(({ leaf }) => leaf.salt)),
  )
  const nodes = new KnownNodes(size, root, commitNodeHash)
  const open: OpenLeaf[] = []
  for (const [i, { leaf, content }] of readable.entries()) {
    if (nodes.proves(hashes[i]!, leaf.index, leaf.path)) open.push({ index: leaf.index, ...content })
    else
      findings.push(
        finding('error', 'payload_mismatch', 'a disclosed leaf does not lead to the commitment root'),
      )
  }
  return { open, findings }
}

function readLeaf({ index, salt, text }: DisclosedLeaf): DisclosedField | undefined {
  if (!isPosition(index) || salt.length !== SALT_BYTES) return undefined
  const pair = readCanonical(text)
  if (!Array.isArray(pair) || pair.length !== 2) return undefined
  const [pointer, value] = pair
  if (typeof pointer !== 'string' || value === undefined) return undefined
  return index === 0 || isLeafValue(value) ? { pointer, value } : undefined
}

/** What is not empty has leaves of its own. */
function isLeafValue(value: JsonValue): boolean {
  return typeof value !== 'object' || value === null || Object.keys(value).length === 0
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

function judgeShape(
  open: readonly OpenLeaf[],
  fields: readonly OpenLeaf[],
  commitment: PayloadCommitment,
): { findings: Finding[]; pointers?: readonly string[] } {
  const shape = open.find(({ index }) => index === 0)
  if (shape === undefined) return { findings: [finding('gap', 'shape_withheld')] }
  const pointers = pointersOf(shape, commitment)
  if (pointers === undefined) {
    return { findings: [finding('error', 'shape_mismatch', 'the disclosed shape is not one of this entry')] }
  }
  const misplaced = fields.some(({ index, pointer }) => pointers[index - 1] !== pointer)
  if (misplaced) return { findings: [finding('error', 'shape_mismatch')] }
  const isAltered = isNumberedAndAltered(pointers)
  return { findings: isAltered ? [finding('info', 'emitter_content_altered_by_policy')] : [], pointers }
}

const ALTERING = ['pseudonymised', 'dropped'].map((list) => `/${CLASSIFICATION}/${list}/`)

/** Whether a record with these pointers carries a number of its emitter, and says that a policy changed what was numbered. */
function isNumberedAndAltered(pointers: readonly string[]): boolean {
  return (
    pointers.some((pointer) => pointer.startsWith('/emitter/')) &&
    pointers.some((pointer) => ALTERING.some((above) => pointer.startsWith(above)))
  )
}

/** The pointers of leaves 1… as the shape lists them, if it is a shape of this entry without repetition. */
function pointersOf(
  { pointer, value }: OpenLeaf,
  { id, leaves }: PayloadCommitment,
): readonly string[] | undefined {
  if (pointer !== '' || typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const pointers = value['pointers']
  if (value['v'] !== 1 || value['id'] !== id || !isTexts(pointers)) return undefined
  if (!Object.keys(value).every((name) => SHAPE_MEMBERS.has(name))) return undefined
  return pointers.length === leaves - 1 && areOfOneRecord(pointers) ? pointers : undefined
}

const SHAPE_MEMBERS: ReadonlySet<string> = new Set(['id', 'objects', 'pointers', 'v'])

/** Whether every one is a pointer and none leads to another or into what another leads to: two leaves could then pass for one field. */
function areOfOneRecord(pointers: readonly string[]): boolean {
  if (!pointers.every((pointer) => /^(?:\/|$)/.test(pointer) && !/~(?![01])/.test(pointer))) return false
  // Sorted so, whatever lies below a pointer follows it at once.
  const places = pointers.map((pointer) => `${pointer}/`).toSorted()
  return places.every((place, i) => i === 0 || !place.startsWith(places[i - 1]!))
}

function isTexts(value: JsonValue | undefined): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
