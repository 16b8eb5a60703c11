/**
 * Bytes kept beside records. One record tells of them, and their content follows in records of its own, so that everything that holds
 * for records (order of durability, keys, copies, erasure, verification) holds for them.
 */
import { createHash } from 'node:crypto'
import type { JsonObject, RecordKind } from '@deponent/format'
import type { Submission } from './submission.ts'

/** Largest content of an artifact, in bytes. */
export const ARTIFACT_BYTES_MAX = 16 * 1_048_576
/** Bytes of one part: in Base64 it leaves room for the rest of a record. */
const PART_BYTES = 184_320

/** What is told of content besides itself. */
export interface About {
  readonly mediaType: string
  readonly name?: string
  /** The system it belongs to: that of the decision, where it belongs to one. A resend is known within its system. */
  readonly system: string
  /** Entry id of the decision it belongs to, whose people are then the people it is about. */
  readonly decision?: string
  /** People it is about, as the sender calls them. */
  readonly subjects: readonly string[]
}

/** The record that tells of an artifact. */
export interface ArtifactRecord extends JsonObject {
  readonly artifactId: string
  readonly digest: string
  readonly bytes: number
  readonly parts: number
  readonly system: string
}

/**
 * What an artifact is found by, 64 hex digits. About nobody: the SHA-256 of its content. Otherwise SHA-256 over that digest, the entry id
 * of the decision or nothing, and the people in the order of their ids, each on a line: the same content about somebody else is another
 * artifact, so that erasing one leaves the other.
 */
export function artifactIdOf(
  digest: string,
  { decision, subjects }: Pick<About, 'decision' | 'subjects'>,
): string {
  if (decision === undefined && subjects.length === 0) return digest
  return sha256([digest, decision ?? '', ...new Set(subjects.toSorted())].join('\n'))
}

/** What a part is known by. */
export function partIdOf(artifactId: string, part: number): string {
  return sha256(`${artifactId}\n${part}`)
}

export function artifactRecord(content: Uint8Array, about: About): ArtifactRecord {
  const digest = sha256(content)
  const artifactId = artifactIdOf(digest, about)
  const { decision, mediaType, name, subjects, system } = about
  return {
    artifactId,
    sourceDigest: artifactId,
    digest,
    bytes: content.length,
    parts: Math.ceil(content.length / PART_BYTES),
    mediaType,
    ...(name !== undefined && { name }),
    system,
    ...(decision !== undefined && { links: [{ rel: 'partOf', id: decision }] }),
    ...(subjects.length > 0 && { affectedSubjects: [...new Set(subjects)] }),
  }
}

/** `decision`: its index. */
export function artifactSubmission(record: ArtifactRecord, decision?: number): Submission {
  return submission('artifact', 0, record, decision)
}

/** The content, each part about the artifact: of its system and sealed for the same people. `artifact`: its index. */
export function partSubmissions(
  content: Uint8Array,
  { artifactId, parts, system }: ArtifactRecord,
  artifact: number,
): Submission[] {
  return Array.from({ length: parts }, (_, part) => {
    const bytes = content.subarray(part * PART_BYTES, (part + 1) * PART_BYTES)
    const record = {
      artifactId,
      sourceDigest: partIdOf(artifactId, part),
      part,
      system,
      content: Buffer.from(bytes).toString('base64'),
    }
    return submission('artifact.part', part, record, artifact)
  })
}

function submission(kind: RecordKind, position: number, value: JsonObject, about?: number): Submission {
  return {
    kind,
    position,
    reading: { value, coerced: [], faults: [] },
    ...(about !== undefined && { about }),
  }
}

export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex')
}
