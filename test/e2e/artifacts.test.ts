import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { envelopeOf, problemOf } from './answers.ts'
import { newPlace, type Place, runCommand, ServerProcess } from './server-process.ts'

let place: Place
let server: ServerProcess
const MARK = 'Scan of the passport of Ada Example. '

beforeAll(async () => {
  place = await newPlace()
  server = await ServerProcess.start(place)
  const decisions = ['a', 'b'].map((who) => ({
    decisionId: `loan-${who}`,
    system: 'bank',
    modelId: 'credit',
    prediction: 'declined',
    affectedUserId: `person-${who}`,
  }))
  await envelopeOf(server.post('/v1/decisions', decisions), 201)
}, 120_000)
afterAll(() => server.stop())

const sha256 = (content: Uint8Array | string): string => createHash('sha256').update(content).digest('hex')
const PURPOSE = { 'Deponent-Purpose': 'complaint 17' }

/** Bytes that hardly compress, of a size, each test its own. */
function bytesOf(size: number, seed: string): Uint8Array {
  const content = Buffer.alloc(size)
  for (let at = 0, block = 0; at < size; at += 32, block += 1)
    createHash('sha256').update(`${seed} ${block}`).digest().copy(content, at)
  return content
}

interface Kept {
  artifactId: string
  digest: string
  bytes: number
  parts: number
  id: string
  index: number
  status: string
}

function send(content: Uint8Array | string, query = '', type = 'application/pdf'): Promise<Response> {
  return server.fetch(`/v1/artifacts${query}`, {
    method: 'POST',
    body: content as BodyInit,
    headers: { 'Content-Type': type },
  })
}

async function keep(content: Uint8Array | string, query = '', type?: string): Promise<Kept> {
  const response = await send(content, query, type)
  expect(response.status).toBe(201)
  return (await response.json()) as Kept
}

const content = (artifactId: string): Promise<Response> =>
  server.fetch(`/v1/artifacts/${artifactId}/content`, { headers: PURPOSE })

describe('an artifact', () => {
  test.each([1, 184_320, 184_321, 3_000_000, 16_777_216])(
    'of %d bytes comes back as it went in, under the SHA-256 of its content',
    async (size) => {
      const bytes = bytesOf(size, `size ${size}`)
      const kept = await keep(bytes, '?name=model%20card%20(%C3%BC).pdf')
      expect(kept).toMatchObject({ artifactId: sha256(bytes), bytes: size, parts: Math.ceil(size / 184_320) })
      const told = await server.get<object>(`/v1/artifacts/${kept.artifactId}`)
      expect(told).toMatchObject({
        isComplete: true,
        mediaType: 'application/pdf',
        system: 'default',
        bytes: size,
      })
      const back = await content(kept.artifactId)
      expect(back.headers.get('content-type')).toBe('application/pdf')
      expect(back.headers.get('content-disposition')).toBe(
        `attachment; filename="${kept.artifactId}"; filename*=UTF-8''model%20card%20%28%C3%BC%29.pdf`,
      )
      expect(JSON.stringify(told)).not.toContain('model card')
      expect(Buffer.from(await back.arrayBuffer()).equals(bytes)).toBe(true)
    },
    120_000,
  )

  test('that is sent again is a duplicate, and nothing more is recorded', async () => {
    const first = await keep('the same words', '?system=bank')
    expect(await keep('the same words', '?system=bank')).toEqual({ ...first, status: 'duplicate' })
    await server.indexed()
    const sql = `SELECT kind FROM records WHERE system = 'bank' AND kind LIKE 'artifact%' ORDER BY kind`
    const { rows } = (await (await server.post('/v1/sql', { sql })).json()) as { rows: unknown }
    expect(rows).toEqual([['artifact'], ['artifact.part']])
  })

  test('shows its content for a stated purpose only, and each look is on record', async () => {
    const { artifactId, id } = await keep('read with care')
    const refused = await server.fetch(`/v1/artifacts/${artifactId}/content`)
    await problemOf(Promise.resolve(refused), 403, 'purpose_required')
    expect(await (await content(artifactId)).text()).toBe('read with care')
    const looks = async (): Promise<object[]> =>
      (await server.get<{ items: object[] }>(`/v1/access?id=${id}&action=reveal`)).items
    await server.indexed()
    await expect
      .poll(looks, { timeout: 20_000 })
      .toMatchObject([{ action: 'reveal', purpose: 'complaint 17' }])
    const record = await server.get<{ record: object }>(`/v1/decisions/${id}`)
    expect(JSON.stringify(record)).not.toContain('read with care')
  })

  test('about a person is erased with the person, and not with another who sent the same', async () => {
    const bytes = Buffer.from(MARK.repeat(20_000))
    const [a, b] = [await keep(bytes, '?decision=loan-a'), await keep(bytes, '?decision=loan-b')]
    const alone = await keep(bytes, '?subject=person-a')
    expect(new Set([sha256(bytes), a.artifactId, b.artifactId, alone.artifactId]).size).toBe(4)
    const timeline = await server.get<{ items: { kind: string; id: string }[] }>(
      '/v1/decisions/loan-b/timeline',
    )
    await server.indexed()
    expect(timeline.items.every(({ kind }) => kind !== 'artifact.part')).toBe(true)
    await erase('person-a')
    for (const { artifactId } of [a, alone]) {
      await problemOf(content(artifactId), 410, 'erased')
      await problemOf(server.fetch(`/v1/artifacts/${artifactId}`), 410, 'erased')
    }
    expect((await send(bytes, '?subject=person-a')).status).toBe(410)
    expect(Buffer.from(await (await content(b.artifactId)).arrayBuffer()).equals(bytes)).toBe(true)
  })

  test('is never found in the files of the server in clear', async () => {
    await keep(MARK.repeat(4), '?subject=person-c')
    for (const name of await readdir(place.data, { recursive: true, withFileTypes: true })) {
      if (!name.isFile()) continue
      const bytes = await readFile(join(name.parentPath, name.name)).catch(() => Buffer.alloc(0))
      expect(bytes.includes(MARK) || bytes.includes(Buffer.from(MARK).toString('base64').slice(0, 40))).toBe(
        false,
      )
    }
  })
})

async function erase(subject: string): Promise<void> {
  const asked = await server.fetch(`/v1/subjects/${subject}`, { method: 'DELETE' })
  expect(asked.status).toBe(202)
  const { erasureId } = (await asked.json()) as { erasureId: string }
  const status = async (): Promise<object | null> =>
    (await server.get<{ receipt: object | null }>(`/v1/erasures/${erasureId}`)).receipt
  await expect.poll(status, { timeout: 60_000 }).not.toBeNull()
}

describe('what is not an artifact', () => {
  test.each([
    ['nothing', '', '', 400, 'empty_body'],
    ['of a type that is none', 'x', 'text', 400, 'bad_media_type'],
  ])('%s is refused with a reason', async (_, body, type, status, code) => {
    await problemOf(send(body, '', type), status, code)
  })

  test('more than 16 MiB, a person beside a decision, a decision nobody recorded, and a record of that kind are refused', async () => {
    await problemOf(send(Buffer.alloc(16_777_217)), 413, 'artifact_too_large')
    await problemOf(send('x', '?decision=loan-b&subject=p'), 400, 'bad_parameter')
    await problemOf(send('x', '?decision=unknown'), 404, 'not_found')
    // Nobody has an empty id: sealed for nobody, it would outlive the person it is about.
    await problemOf(send('x', '?subject='), 400, 'bad_parameter')
    await problemOf(server.fetch(`/v1/artifacts/${'0'.repeat(64)}`), 404, 'not_found')
    const [error] = (await envelopeOf(server.post('/v1/records', { kind: 'artifact' }), 400)).errors
    expect(error).toMatchObject({ code: 'wrong_endpoint' })
  })
})

test('a directory with artifacts that were kept, refused and erased is valid', async () => {
  await server.stop()
  expect(await runCommand(['verify', place.data])).toMatchObject({ code: 0 })
})
