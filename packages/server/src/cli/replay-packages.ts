/** Replay packages, as a server gathers them for whoever asks. */
import type { ReplayPackage } from '../reproduction/replay-package.ts'
import { type Connection, jsonOf } from './connection.ts'
import { purposeHeader } from './purpose.ts'

/** A decision that is not shown, and why. */
export interface Unshown {
  readonly id: string
  readonly code: string
  readonly detail: string
}

interface Reading {
  readonly system?: string | undefined
  readonly purpose?: string | undefined
}

/** The package of one decision. CommandError when there is none by this id, or it is no decision. */
export async function packageOf(
  connection: Connection,
  id: string,
  { system, purpose }: Reading,
): Promise<ReplayPackage | Unshown> {
  const query = system === undefined ? '' : `?system=${encodeURIComponent(system)}`
  const path = `/v1/decisions/${encodeURIComponent(id)}/reproducibility${query}`
  const answer = await connection.get(path, undefined, purposeHeader(purpose))
  if (answer.status === 403 || answer.status === 410) {
    const { code, detail } = JSON.parse(answer.text) as Unshown
    return { id, code, detail }
  }
  return jsonOf(answer) as ReplayPackage
}
