import { reasonOf } from '../platform/failure.ts'
import { StatementRefused } from './engine/client.ts'

/** Everybody may ask how the index does, and the engine quotes the rows and statements it refuses. */
export function troubleOf(error: unknown): string {
  return error instanceof StatementRefused
    ? `the index engine refused a statement (${error.code} ${error.type})`.replace(' )', ')')
    : reasonOf(error)
}
