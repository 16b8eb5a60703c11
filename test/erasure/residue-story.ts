import { expect } from 'vitest'
import type { ResidueReport } from '../../packages/server/src/residue/report.ts'
import { type Place, runCommand, type ServerProcess } from '../e2e/server-process.ts'

/** Somebody whose id has what encodings disagree about. */
export const SUBJECT = 'Zoë “Q” Ångström/7+é'
/** A text of theirs that only lies in records, one in a field that is indexed, one sealed only. */
export const VALUES = ['blue-heron-crossing', 'the remark about my neighbour Q']

/** What the key is called that somebody makes for them, and what they look for with it. */
export const HOLDER = 'Zoe Angstrom of Lund'
export const THEIR_PURPOSE = 'asking after the heron and me'

/** Records of that person, and as many of others around each of them. */
export function recordsWith(subject: string, count: number): Record<string, unknown>[] {
  return Array.from({ length: count }, (_, i) => {
    const isTheirs = i % 3 === 0
    return {
      decisionId: isTheirs ? `of-${VALUES[0]}-${i}` : `other-${i}`,
      modelId: 'scorer',
      prediction: i % 2 === 0 ? 'high' : 'low',
      affectedUserId: isTheirs ? subject : `person-${i % 11}`,
      timestamp: new Date(Date.UTC(2026, 0, 10) + i * 1_000).toISOString(),
      inputFeatures: { age: 20 + (i % 50), place: isTheirs ? VALUES[0] : 'elsewhere' },
      messages: [{ role: 'user', content: isTheirs ? VALUES[1] : 'nothing to add' }],
    }
  })
}

/** `deponent doctor --residue` on a place; its answer must not repeat what it looked for. */
export async function residueOf(
  place: Place,
  subject: string,
  values: readonly string[] = [],
  further: readonly string[] = [],
): Promise<{ code: number; report: ResidueReport }> {
  const more = [...values.flatMap((value) => ['--value', value]), ...further]
  const at = ['--data', place.data, '--signer-state', place.signer]
  const { code, stdout, stderr } = await runCommand([
    'doctor',
    ...at,
    '--residue',
    subject,
    ...more,
    '--json',
  ])
  for (const text of [subject, JSON.stringify(subject).slice(1, -1), ...values])
    expect(stdout + stderr).not.toContain(text)
  return { code, report: JSON.parse(stdout) as ResidueReport }
}

interface ErasureAnswer {
  erasureId: string
  status: string
}

/** Has a person erased and waits for the receipt. */
export async function eraseOverHttp(server: ServerProcess, subject: string): Promise<string> {
  const asked = await server.fetch(`/v1/subjects/${encodeURIComponent(subject)}`, { method: 'DELETE' })
  expect(asked.status).toBe(202)
  const { erasureId } = (await asked.json()) as ErasureAnswer
  for (;;) {
    const { status } = await server.get<ErasureAnswer>(`/v1/erasures/${erasureId}`)
    if (status !== 'pending') {
      expect(status).toBe('completed')
      return erasureId
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
