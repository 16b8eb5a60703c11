/** Documents, images and explanations too large for a field: kept beside records, and given back as they came. */
import {
  type About,
  ARTIFACT_BYTES_MAX,
  type ArtifactRecord,
  artifactRecord,
  artifactSubmission,
  partIdOf,
  partSubmissions,
  sha256,
} from '../../recording/artifact.ts'
import type { Envelope, Receipt } from '../../recording/envelope.ts'
import type { ReadEntry } from '../../recording/reader.ts'
import { DEFAULT_SYSTEM, type Submission } from '../../recording/submission.ts'
import { bodyOf, type Call, type Handler, json } from '../call.ts'
import { Problem } from '../problem.ts'
import {
  erasedProblem,
  isErased,
  notThere,
  placeOf,
  readOne,
  seenBy,
  type SeenEntry,
  viewOf,
} from '../read-entry.ts'
import { decisionEntryOf, take } from './recording.ts'

const DEFAULT_MEDIA_TYPE = 'application/octet-stream'
/** RFC 9110 §8.3.1, with parameters of plain values. */
const MEDIA_TYPE =
  /^[\w!#$&^.+-]{1,64}\/[\w!#$&^.+-]{1,64}(?:\s*;\s*[\w-]{1,32}=(?:[\w.+-]{1,64}|"[\w .+-]{0,64}"))*$/

export const putArtifact: Handler = async (call) => {
  const content = await bodyOf(call.request)
  mustFit(content)
  const { about, decision } = await aboutOf(call)
  const record = artifactRecord(content, about)
  const told = await taken(call, [artifactSubmission(record, decision)])
  const [{ id, index, status }] = told.receipts as [Receipt]
  await taken(call, partSubmissions(content, record, index))
  const { artifactId, bytes, digest, parts } = record
  return json({ artifactId, digest, bytes, parts, id, index, status }, 201)
}

/** What is told of an artifact, without its content. */
export const getArtifact: Handler = async (call) => {
  const seen = await artifactSeen(call)
  const { entry, index, systemName, target } = seen
  const { artifactId, bytes, digest, parts } = toldBy(seen)
  const missing = await missingParts(call, seen)
  const view = viewOf(call, seen)!
  return json({
    artifactId,
    digest,
    bytes,
    parts,
    isComplete: missing.length === 0,
    ...(missing.length > 0 && { missingParts: missing }),
    mediaType: view['mediaType'],
    ...(view['name'] !== undefined && { name: view['name'] }),
    id: entry.id,
    index,
    at: new Date(placeOf(seen).at).toISOString(),
    system: systemName,
    ...(target && { decision: target.id }),
  })
}

/** The content, as it came. */
export const getArtifactContent: Handler = async (call) => {
  const seen = await artifactSeen(call)
  if (!seen.classes.has('sealed')) throw notThere()
  const told = toldBy(seen)
  const missing = await missingParts(call, seen)
  if (missing.length > 0)
    throw new Problem(409, 'artifact_incomplete', 'parts of this artifact never came; send it again', {
      missingParts: missing,
    })
  call.look.isReveal = true
  const content = Buffer.concat(await partsOf(call, seen))
  if (sha256(content) !== told.digest)
    throw new Problem(500, 'artifact_damaged', 'the stored parts are not the content that was recorded')
  return new Response(new Uint8Array(content), {
    headers: {
      'Content-Type': told.mediaType,
      // It is somebody's upload: a browser keeps it and shows none of it as a page of this server.
      'Content-Disposition': dispositionOf(told),
      'Cache-Control': 'no-store',
    },
  })
}

/** Under the name it came with (RFC 6266, RFC 8187). */
function dispositionOf({ artifactId, name }: Told): string {
  const named =
    name === undefined
      ? ''
      : `; filename*=UTF-8''${encodeURIComponent(name.toWellFormed()).replaceAll(/['()*]/g, hexOf)}`
  return `attachment; filename="${artifactId}"${named}`
}

function hexOf(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}

function mustFit({ length }: Uint8Array): void {
  if (length === 0) throw new Problem(400, 'empty_body', 'an artifact has at least one byte')
  if (length > ARTIFACT_BYTES_MAX)
    throw new Problem(413, 'artifact_too_large', `an artifact has at most ${ARTIFACT_BYTES_MAX} bytes`, {
      bytes: length,
    })
}

async function aboutOf(call: Call): Promise<{ about: About; decision?: number }> {
  const { query, request } = call
  const [decisionId, name] = ['decision', 'name'].map((key) => query.get(key) ?? undefined)
  const subjects = query.getAll('subject')
  if (decisionId !== undefined && subjects.length > 0)
    throw new Problem(400, 'bad_parameter', 'whom a decision is about its artifacts are about', {
      field: 'subject',
    })
  if (subjects.includes(''))
    throw new Problem(400, 'bad_parameter', 'an empty id names nobody', { field: 'subject' })
  const common = {
    mediaType: mediaTypeOf(request.headers.get('content-type')),
    subjects,
    ...(name !== undefined && { name }),
  }
  if (decisionId === undefined) return { about: { ...common, system: query.get('system') ?? DEFAULT_SYSTEM } }
  const { id, index } = await decisionEntryOf(call, decisionId, 'decision')
  const { systemName } = await readOne(call, index)
  return { about: { ...common, decision: id, system: systemName }, decision: index }
}

function mediaTypeOf(header: string | null): string {
  const given = header?.trim() ?? ''
  if (given === '') return DEFAULT_MEDIA_TYPE
  if (MEDIA_TYPE.test(given)) return given
  throw new Problem(400, 'bad_media_type', 'Content-Type is not a media type such as application/pdf')
}

/** Records all of it. @throws Problem for the first record that is refused */
async function taken(call: Call, submissions: readonly Submission[]): Promise<Envelope> {
  const envelope = await take(call, { submissions })
  const [fault] = envelope.errors
  if (!fault) return envelope
  const { code, message, path } = fault
  throw new Problem(code === 'erased' ? 410 : 400, code, message, { path })
}

/** The artifact of the address, in any system or the one named, as its caller may see it. */
async function artifactSeen(call: Call): Promise<SeenEntry> {
  const { params, query, services } = call
  const { recorder } = services.tenant
  const system = query.get('system') ?? undefined
  const found = await recorder.findByDigest('artifact', params.artifactId ?? '', system)
  for (const index of found) {
    const seen = await seenBy(call, await readWithPeople(call, index))
    if (!seen) continue
    call.look.objects = [seen.entry.id]
    if (isErased(seen)) throw await erasedProblem(call, seen)
    return seen
  }
  throw notThere()
}

/** What belongs to a decision is about whom that is about. */
async function readWithPeople(call: Call, index: number): Promise<ReadEntry> {
  const read = await readOne(call, index)
  if (!read.target) return read
  const { subjects } = await readOne(call, read.target.index)
  return { ...read, subjects: [...new Set([...read.subjects, ...subjects])] }
}

interface Told {
  readonly artifactId: string
  readonly digest: string
  readonly bytes: number
  readonly parts: number
  readonly mediaType: string
  readonly name?: string
}

function toldBy({ record }: SeenEntry): Told {
  if (!record) throw notThere()
  return { mediaType: DEFAULT_MEDIA_TYPE, ...(record as ArtifactRecord) }
}

async function missingParts(call: Call, seen: SeenEntry): Promise<number[]> {
  const indices = await partIndices(call, seen)
  return indices.flatMap((index, part) => (index === undefined ? [part] : []))
}

async function partIndices(call: Call, seen: SeenEntry): Promise<(number | undefined)[]> {
  const { recorder } = call.services.tenant
  const { artifactId, parts } = toldBy(seen)
  const found: (number | undefined)[] = []
  for (let part = 0; part < parts; part += 1)
    found.push((await recorder.findByDigest('artifact.part', partIdOf(artifactId, part), seen.systemName))[0])
  return found
}

async function partsOf(call: Call, seen: SeenEntry): Promise<Buffer[]> {
  const parts: Buffer[] = []
  for (const index of await partIndices(call, seen)) {
    const read = await readOne(call, index!)
    if (isErased(read)) throw await erasedProblem(call, read)
    const { content } = read.record ?? {}
    parts.push(Buffer.from(typeof content === 'string' ? content : '', 'base64'))
  }
  return parts
}
