/** Where a root key is, and what it opens. Nothing here writes; `master-key.ts` does. */
import { FormatError } from '@deponent/format'
import type { KeyService } from '../platform/aws-kms.ts'
import type { Disk } from '../platform/disk.ts'
import { type MasterFile, type MasterHead, unwrapUnderRoot, wrapUnderRoot } from './master-file.ts'
import { parseRootKey, readRootKey, rootKeyId } from './root-key.ts'
import { ExplainedError } from '../platform/explained-error.ts'

/** A root key in a file, in a variable of the environment, or in a key management service that never gives it away. */
export type RootSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'environment'; readonly variable: string; readonly secret: string | undefined }
  | { readonly kind: 'service'; readonly keyId: string; readonly service: KeyService }

/** The root key that is needed is not where it was looked for, or another one is. The message says which, and never a key. */
export class RootKeyMissing extends ExplainedError {}

/** Where a root key lies when nobody says otherwise: beside what it opens. */
export function rootBeside(keyringDirectory: string): RootSource {
  return { kind: 'file', path: `${keyringDirectory}/root.key` }
}

/** Where the key a change leads to waits in the place of the present one. */
export const nextRoot = (path: string): string => `${path}.next`

/** A source in words for people. */
export function placeOf(source: RootSource): string {
  switch (source.kind) {
    case 'file':
      return source.path
    case 'environment':
      return source.variable
    case 'service':
      return `${source.keyId} in ${source.service.place}`
  }
}

/** A root key that is at hand, and the file it was in, if it was in one. */
export interface RootAtHand {
  readonly key: Uint8Array
  readonly path?: string
}

/** The root keys at a source that can be read here: none from a service, two from a file while a change is under way. */
export async function rootsAt(disk: Disk, source: RootSource): Promise<RootAtHand[]> {
  switch (source.kind) {
    case 'file': {
      const roots: RootAtHand[] = []
      for (const path of [source.path, nextRoot(source.path)]) {
        const key = await readRootKey(disk, path)
        if (key) roots.push({ key, path })
      }
      return roots
    }
    case 'environment':
      return source.secret === undefined ? [] : [{ key: parseRootKey(source.secret, source.variable) }]
    case 'service':
      return []
  }
}

/** Overwrites keys that are not needed any more. */
export function forget(roots: readonly RootAtHand[]): void {
  for (const { key } of roots) key.fill(0)
}

/** A master key that was unwrapped, and from what. */
export interface Unwrapped {
  readonly key: Uint8Array
  readonly file: MasterFile
  /** The file the root key was in, if it was in one. */
  readonly rootPath?: string
}

/**
 * Unwraps the first of `files` that the root key at `source` opens. Rejects with RootKeyMissing when none is wrapped by it, and with
 * KeyServiceFailure when the service does not help.
 */
export async function unwrap(
  disk: Disk,
  files: readonly MasterFile[],
  source: RootSource,
): Promise<Unwrapped> {
  if (source.kind === 'service') return unwrapByService(files, source)
  const roots = await rootsAt(disk, source)
  try {
    for (const file of files) {
      const root = roots.find(({ key }) => file.wrappedBy === wrappedByRoot(key))
      if (!root) continue
      const key = unwrapUnderRoot(file, root.key)
      return { key, file, ...(root.path !== undefined && { rootPath: root.path }) }
    }
  } finally {
    forget(roots)
  }
  throw missing(files[0]!, source, roots.length > 0)
}

/** Wraps a master key by what is at `source`; a root key must be at hand there. */
export async function wrap(
  master: Uint8Array,
  directory: string,
  source: RootSource,
  root: Uint8Array | undefined,
  nonce: Uint8Array,
): Promise<MasterFile> {
  if (source.kind !== 'service') {
    if (!root) throw new RootKeyMissing(`there is no root key in ${placeOf(source)}`)
    const head: MasterHead = { directory, wrappedBy: wrappedByRoot(root) }
    return wrapUnderRoot(master, root, head, nonce)
  }
  const { keyId, service } = source
  const { key, ciphertext } = await service.encrypt(keyId, master, contextOf(directory))
  return { directory, wrappedBy: `aws-kms ${key}`, wrapped: ciphertext }
}

const wrappedByRoot = (root: Uint8Array): string => `root-key ${rootKeyId(root)}`

const contextOf = (directory: string): Record<string, string> => ({ ledgerDirectory: directory })

async function unwrapByService(
  files: readonly MasterFile[],
  source: RootSource & { kind: 'service' },
): Promise<Unwrapped> {
  const theirs = files.filter(({ wrappedBy }) => wrappedBy.startsWith('aws-kms '))
  if (theirs.length === 0) throw missing(files[0]!, source, true)
  let failure: unknown
  for (const file of theirs) {
    try {
      const key = await source.service.decrypt(source.keyId, file.wrapped, contextOf(file.directory))
      if (key.length !== 32) throw new FormatError('keyring_damaged', 'master.key holds no key')
      return { key, file }
    } catch (error) {
      failure ??= error
    }
  }
  throw failure
}

function missing({ wrappedBy }: MasterFile, source: RootSource, isAnother: boolean): RootKeyMissing {
  const found = isAnother ? `what is in ${placeOf(source)} is another` : `it is not in ${placeOf(source)}`
  const remedy = wrappedBy.startsWith('aws-kms ')
    ? 'name that key with --root-key kms:KEY'
    : 'give it with --root-key FILE, DEPONENT_ROOT_KEY or DEPONENT_ROOT_KEY_FILE'
  return new RootKeyMissing(
    `the root key is missing: master.key is wrapped by ${wrappedBy}, and ${found}; ${remedy}`,
  )
}
