import { readFileSync } from 'node:fs'
import {
  decodeEntry,
  erasureSet,
  FormatError,
  fromHex,
  openedSetRoot,
  partDigest,
  setRootShown,
  toHex,
  utf8,
} from '@deponent/format'
import { expect, test } from 'vitest'
import { fieldsGone, recommit } from '../../packages/server/src/vault/opened.ts'
import { decodeParts } from '../../packages/server/src/vault/parts-frame.ts'
import { open } from '../../packages/server/src/vault/seal.ts'
import { leavesShown } from '../../packages/server/src/vault/shown.ts'
import { decodeTombstone } from '../../packages/server/src/vault/tombstone.ts'

interface Vectors {
  sets: { members: { index: number; salt: string }[]; paddings: string[]; root: string }[]
  tombstones: Judged<{ index: number; frame: string }, { link: string | null; setRoot: string }>
  parts: Judged<
    { frame: string },
    { name: string; text: string; erasedFields: number; setRoots: string[] }
  > & {
    entry: string
    index: number
    keys: Record<string, string>
  }
  shown: Judged<{ entry: string; frame: string }, { setRoot: string }>
}

interface Judged<Given, Expected> {
  valid: (Given & Expected)[]
  invalid: (Given & { name: string })[]
}

const vectors = JSON.parse(
  readFileSync(new URL('../vectors/erasures.json', import.meta.url), 'utf8'),
) as Vectors

test('the sets of the vectors have the roots that are told', () => {
  for (const { members, paddings, root } of vectors.sets) {
    const set = erasureSet(
      members.map(({ index }) => index),
      {
        saltOf: (index) => fromHex(members.find((member) => member.index === index)!.salt),
        paddingOf: (n) => fromHex(paddings[n]!),
      },
    )
    expect(toHex(set.root)).toBe(root)
  }
})

function opened({ index, frame }: { index: number; frame: string }): {
  link: string | null
  setRoot: string
} {
  const tombstone = decodeTombstone(fromHex(frame))
  const root = openedSetRoot(tombstone, index)
  if (!root) throw new FormatError('payload_malformed', 'no place in its set')
  return { link: tombstone.link ? toHex(tombstone.link) : null, setRoot: toHex(root) }
}

test('the tombstones of the vectors open to their sets, and what is none is refused', () => {
  for (const { link, setRoot, ...given } of vectors.tombstones.valid)
    expect(opened(given)).toEqual({ link, setRoot })
  for (const given of vectors.tombstones.invalid) expect(() => opened(given), given.name).toThrow(FormatError)
})

const shown = ({ entry, frame }: { entry: string; frame: string }): string =>
  toHex(setRootShown(decodeEntry(utf8(entry)), leavesShown(fromHex(frame)))!)

test('the frames of the vectors show the root of their set, and what is none is refused', () => {
  for (const { setRoot, ...given } of vectors.shown.valid) expect(shown(given)).toBe(setRoot)
  for (const given of vectors.shown.invalid) expect(() => shown(given), given.name).toThrow(FormatError)
})

test('the payloads in parts of the vectors open as far as they are left, and what is broken is refused', () => {
  const { entry: text, index, keys, valid, invalid } = vectors.parts
  const entry = decodeEntry(utf8(text))
  const openedFrom = (frame: string) => {
    const bytes = fromHex(frame)
    const opened = open(
      entry,
      bytes,
      (number) => fromHex(keys[number]!),
      () => undefined,
    )!
    recommit(entry, opened)
    const setRoots = decodeParts(bytes).parts.flatMap((part) =>
      'erased' in part ? [toHex(openedSetRoot(part.erased, index, partDigest(part.hashes))!)] : [],
    )
    return { text: opened.text, erasedFields: fieldsGone(opened), setRoots }
  }
  for (const { name, frame, ...expected } of valid) expect(openedFrom(frame), name).toEqual(expected)
  for (const { name, frame } of invalid) expect(() => openedFrom(frame), name).toThrow(FormatError)
})
