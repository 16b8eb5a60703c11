import {
  canonicalJson,
  emitterLink,
  EMPTY_HEAD,
  EpochTally,
  type JsonObject,
  nextHead,
  sha256,
  toHex,
  utf8,
} from '../../packages/format/src/index.ts'

const SENT: readonly JsonObject[] = [
  { modelId: 'm', prediction: 'high' },
  { prediction: 'tief ä', modelId: 'm', confidence: 0.1 },
  {},
  { modelId: 'm', status: 'refused', tags: ['a', { b: null }] },
]

const blindOf = (seq: number): Uint8Array => sha256(utf8(`blind ${seq}`))
const linkOf = (seq: number): Uint8Array => emitterLink(blindOf(seq), canonicalJson(SENT[seq - 1]!))

/** Links and heads of records as sent, and what numbers, losses and stated heads amount to. */
export function emitterVectors(): object {
  let head = EMPTY_HEAD
  const chain = SENT.map((sent, i) => {
    head = nextHead(head, i + 1, linkOf(i + 1))
    return {
      seq: i + 1,
      blind: toHex(blindOf(i + 1)),
      sent: JSON.stringify(sent),
      link: toHex(linkOf(i + 1)),
      head: toHex(head),
    }
  })
  return {
    description:
      'The chain of an emitter: the link of each record as sent, without `emitter`, and the head after it. Cases: numbers in order of arrival (their links are those of the chain), declared losses (with a link, or passed over), a stated head, and what is found.',
    chain,
    cases: CASES.map((given) => ({ ...given, ...found(given) })),
  }
}

interface Case {
  name: string
  arrived: number[]
  lost: { seq: number; link?: string }[]
  stated: { seq: number; head: string }
}

function headOf(numbers: readonly number[]): string {
  return toHex(numbers.reduce((head, seq) => nextHead(head, seq, linkOf(seq)), EMPTY_HEAD))
}

const CASES: readonly Case[] = [
  { name: 'all in order', arrived: [1, 2, 3, 4], lost: [], stated: { seq: 4, head: headOf([1, 2, 3, 4]) } },
  { name: 'out of order', arrived: [3, 1, 4, 2], lost: [], stated: { seq: 4, head: headOf([1, 2, 3, 4]) } },
  { name: 'a gap', arrived: [1, 2, 4], lost: [], stated: { seq: 4, head: headOf([1, 2, 3, 4]) } },
  {
    name: 'a loss without a link is passed over',
    arrived: [1, 2, 4],
    lost: [{ seq: 3 }],
    stated: { seq: 4, head: headOf([1, 2, 4]) },
  },
  {
    name: 'a loss with a link is part of the chain',
    arrived: [1, 2, 4],
    lost: [{ seq: 3, link: toHex(linkOf(3)) }],
    stated: { seq: 4, head: headOf([1, 2, 3, 4]) },
  },
  {
    name: 'a head that does not follow',
    arrived: [1, 2],
    lost: [],
    stated: { seq: 2, head: headOf([2, 1]) },
  },
  { name: 'a number twice', arrived: [1, 2, 2], lost: [], stated: { seq: 2, head: headOf([1, 2]) } },
  { name: 'a silent tail', arrived: [1, 2], lost: [], stated: { seq: 4, head: headOf([1, 2, 3, 4]) } },
  { name: 'a late beginning, shown', arrived: [2, 3], lost: [], stated: { seq: 3, head: headOf([2, 3]) } },
]

/** What a tally makes of a case. The second entry of a number has the same link, and is a duplicate. */
function found({ arrived, lost, stated }: Case): object {
  const tally = new EpochTally()
  arrived.forEach((seq, index) => tally.record({ seq, index, receivedAt: index, link: linkOf(seq) }))
  for (const { seq, link } of lost)
    tally.state({
      kind: 'emitter.loss',
      receivedAt: 0,
      seq,
      ...(link !== undefined && { link: linkOf(seq) }),
    })
  const head = Uint8Array.from(Buffer.from(stated.head, 'hex'))
  tally.state({ kind: 'emitter.heartbeat', receivedAt: 0, seq: stated.seq, head })
  const { gaps, lost: losses, duplicates, outOfOrder, beginning, chain } = tally.summary()
  return { gaps, losses, duplicates, outOfOrder, beginning, chain: chain.state }
}
