import { consistencyProof, formatBundle, rootOf } from '../../packages/format/src/index.ts'
import type { Bundle, BundleAnchor, NodeReader } from '../../packages/format/src/index.ts'
import {
  bundleCheckpoint,
  bundleOf,
  disclosed,
  ERASED,
  ERASURE_INDEX,
  ledgerOfBundles,
  tombstoneOf,
} from './bundle-ledger.ts'
import { LEDGER_SIGNER, ORIGIN, STRANGER, trustFile, WITNESSES } from './ledger.ts'
import type { VectorSigner } from './signers.ts'

const SIZE = 20
const FIELDS = ['/modelId', '/prediction', '/inputFeatures']
const ledger = ledgerOfBundles(SIZE)

const node: NodeReader = (level, index) =>
  rootOf(ledger.leaves.slice(index * 2 ** level, (index + 1) * 2 ** level))

/** An anchor of the ledger at a size, with its consistency to the checkpoint of `SIZE` entries. */
export async function anchorAt(size: number, ...signers: readonly VectorSigner[]): Promise<BundleAnchor> {
  const checkpoint = bundleCheckpoint(ledger, size, signers.length > 0 ? signers : undefined)
  const [smaller, larger] = [Math.min(size, SIZE), Math.max(size, SIZE)]
  return { checkpoint, timestamps: [], consistency: await consistencyProof(smaller, larger, node) }
}

/** Entries 4, 9 and 15 with some fields, entry 6 withheld. */
export function sampleBundle(more: Partial<Bundle> = {}): Bundle {
  const bundle = bundleOf(ledger, {
    size: SIZE,
    indices: [4, 6, 9, 15],
    payloadOf: (index) => (index === 6 ? { state: 'withheld' } : disclosed(ledger, index, FIELDS)),
  })
  return { ...bundle, ...more }
}

function erasedBundle(index: number, claimed = index): Bundle {
  return bundleOf(ledger, {
    size: SIZE,
    indices: [index, ERASURE_INDEX],
    payloadOf: (at) =>
      at === ERASURE_INDEX ? disclosed(ledger, at, ['/setRoot', '/count']) : tombstoneOf(claimed),
  })
}

interface Case {
  name: string
  bundle: string
  against?: string[]
  trust?: object | null
  verdict: string
  codes: string[]
}

const WITHHELD = ['fields_withheld', 'payload_withheld']

/** Bundles as text, known heads, a trust file or null, and the verdict. */
export async function bundleVectors(): Promise<object> {
  const cases: Case[] = [...plainCases(), ...changedCases(), ...payloadCases(), ...(await anchorCases())]
  return {
    description:
      'Bundles as text, known heads (texts of checkpoints), a trust file or null, and the answer: the verdict and the codes of its findings in order.',
    cases: cases.map(({ name, bundle, against = [], trust = trustFile(), verdict, codes }) => ({
      name,
      bundle,
      against,
      trust,
      verdict,
      codes,
    })),
  }
}

function plainCases(): Case[] {
  const bundle = formatBundle(sampleBundle())
  const [first, second] = WITNESSES
  const witnessed = formatBundle(
    sampleBundle({ checkpoint: bundleCheckpoint(ledger, SIZE, [LEDGER_SIGNER, first!]) }),
  )
  const stranger = sampleBundle({ checkpoint: bundleCheckpoint(ledger, SIZE, [STRANGER]) })
  const forked = { ...ledger, leaves: ledger.leaves.with(2, ledger.leaves[3]!) }
  return [
    { name: 'some fields of some entries', bundle, verdict: 'valid', codes: WITHHELD },
    {
      name: 'with white space',
      bundle: JSON.stringify(sampleJson(), null, 2),
      verdict: 'valid',
      codes: WITHHELD,
    },
    {
      name: 'a statement of the exporter, which is not believed',
      bundle: formatBundle(sampleBundle({ statement: { complete: 'these are all' } })),
      verdict: 'valid',
      codes: WITHHELD,
    },
    {
      name: 'no trust file',
      bundle,
      trust: null,
      verdict: 'incomplete',
      codes: ['trust_missing', ...WITHHELD],
    },
    {
      name: 'a trust file without this ledger',
      bundle,
      trust: { ledgers: [] },
      verdict: 'incomplete',
      codes: ['trust_missing', ...WITHHELD],
    },
    {
      name: 'one witness where two are asked for',
      bundle: witnessed,
      trust: trustFile([first!, second!], 2),
      verdict: 'incomplete',
      codes: ['witness_quorum', ...WITHHELD],
    },
    {
      name: 'a checkpoint of a stranger',
      bundle: formatBundle(stranger),
      verdict: 'invalid',
      codes: ['checkpoint_signature', ...WITHHELD],
    },
    {
      name: 'a known checkpoint of the same size and root',
      bundle,
      against: [bundleCheckpoint(ledger, SIZE)],
      verdict: 'valid',
      codes: WITHHELD,
    },
    {
      name: 'a known checkpoint of the same size and another root',
      bundle,
      against: [bundleCheckpoint(forked, SIZE)],
      verdict: 'invalid',
      codes: [...WITHHELD, 'rolled_back'],
    },
    {
      name: 'a known checkpoint of another size',
      bundle,
      against: [bundleCheckpoint(ledger, 12)],
      verdict: 'valid',
      codes: [...WITHHELD, 'head_incomparable'],
    },
  ]
}

function sampleJson(): { entries: Record<string, unknown>[] } & Record<string, unknown> {
  return JSON.parse(formatBundle(sampleBundle())) as ReturnType<typeof sampleJson>
}

/** The sample with its JSON changed. */
function changed(change: (json: ReturnType<typeof sampleJson>) => void): string {
  const json = sampleJson()
  change(json)
  return JSON.stringify(json)
}

function changedCases(): Case[] {
  const text = formatBundle(sampleBundle())
  const malformed = (name: string, bundle: string): Case => ({
    name,
    bundle,
    verdict: 'invalid',
    codes: ['bundle_malformed'],
  })
  return [
    {
      name: 'a disclosed value changed',
      bundle: text.replace(
        String.raw`[\"/modelId\",\"credit-risk\"]`,
        String.raw`[\"/modelId\",\"credit-fair\"]`,
      ),
      verdict: 'invalid',
      codes: ['payload_mismatch', ...WITHHELD],
    },
    {
      name: 'an entry changed',
      bundle: text.replace(String.raw`\"system\":\"s1\"`, String.raw`\"system\":\"s2\"`),
      verdict: 'invalid',
      codes: ['proof_inclusion', ...WITHHELD],
    },
    {
      name: 'an entry at another index',
      bundle: text.replace('"index":4', '"index":5'),
      verdict: 'invalid',
      codes: ['proof_inclusion', ...WITHHELD],
    },
    {
      name: 'the shape not disclosed',
      bundle: changed(({ entries }) => (entries[0]!.disclosed as unknown[]).shift()),
      verdict: 'incomplete',
      codes: ['shape_withheld', ...WITHHELD],
    },
    {
      name: 'another origin',
      bundle: text.replace(`"origin":"${ORIGIN}"`, '"origin":"elsewhere.example"'),
      verdict: 'invalid',
      codes: ['checkpoint_origin', ...WITHHELD],
    },
    malformed('no JSON', text.slice(1)),
    malformed('another version', text.replace('{"bundle":1', '{"bundle":2')),
    malformed('a member nobody knows', text.replace('{"bundle":1', '{"bundle":1,"trust":[]')),
    malformed('one member twice', text.replace('{"bundle":1', '{"bundle":1,"bundle":0')),
    malformed(
      'entries out of order',
      changed(({ entries }) => entries.reverse()),
    ),
    malformed(
      'one entry twice',
      changed(({ entries }) => entries.push(...entries.slice(-1))),
    ),
    malformed(
      'no entry',
      changed(({ entries }) => entries.splice(0)),
    ),
    malformed(
      'nothing disclosed',
      changed(({ entries }) => (entries[0]!.disclosed = [])),
    ),
    malformed(
      'two words on one payload',
      changed(({ entries }) => (entries[0]!.absent = true)),
    ),
    malformed(
      'base64 without padding',
      changed(
        ({ entries }) =>
          (entries[0]!.proof = (entries[0]!.proof as string[]).map((hash) => hash.slice(0, -1))),
      ),
    ),
  ]
}

function payloadCases(): Case[] {
  const [erased] = ERASED
  return [
    {
      name: 'every field of one entry',
      bundle: formatBundle(
        bundleOf(ledger, { size: SIZE, indices: [4], payloadOf: (index) => disclosed(ledger, index, 'all') }),
      ),
      verdict: 'valid',
      codes: [],
    },
    {
      name: 'a payload the exporter did not have',
      bundle: formatBundle(
        bundleOf(ledger, { size: SIZE, indices: [4], payloadOf: () => ({ state: 'absent' }) }),
      ),
      verdict: 'incomplete',
      codes: ['payload_missing'],
    },
    {
      name: 'an erased payload with its tombstone',
      bundle: formatBundle(erasedBundle(erased!)),
      verdict: 'valid',
      codes: ['payload_erased', 'fields_withheld'],
    },
    {
      name: 'a tombstone of another entry',
      bundle: formatBundle(erasedBundle(erased! + 1, erased)),
      verdict: 'incomplete',
      codes: ['erasure_unproven', 'fields_withheld'],
    },
    {
      name: 'a tombstone without its erasure entry',
      bundle: formatBundle(
        bundleOf(ledger, { size: SIZE, indices: [erased!], payloadOf: (index) => tombstoneOf(index) }),
      ),
      verdict: 'incomplete',
      codes: ['erasure_unproven'],
    },
  ]
}

async function anchorCases(): Promise<Case[]> {
  const [first] = WITNESSES
  const anchors = await Promise.all(
    [0, 5, 12, SIZE].map((size) => anchorAt(size, LEDGER_SIGNER, ...(size === 0 ? [] : [first!]))),
  )
  const broken = { ...anchors[1]!, consistency: anchors[2]!.consistency }
  return [
    {
      name: 'anchors of the same history',
      bundle: formatBundle(sampleBundle({ anchors })),
      trust: trustFile(WITNESSES, 0),
      verdict: 'valid',
      codes: WITHHELD,
    },
    {
      name: 'an anchor that is not connected',
      bundle: formatBundle(sampleBundle({ anchors: [broken] })),
      verdict: 'invalid',
      codes: ['proof_consistency', ...WITHHELD],
    },
    {
      name: 'an anchor of a stranger',
      bundle: formatBundle(sampleBundle({ anchors: [await anchorAt(5, STRANGER)] })),
      verdict: 'invalid',
      codes: ['anchor_signature', ...WITHHELD],
    },
    {
      name: 'a known checkpoint that an anchor reaches',
      bundle: formatBundle(sampleBundle({ anchors })),
      against: [bundleCheckpoint(ledger, 12)],
      verdict: 'valid',
      codes: WITHHELD,
    },
  ]
}
