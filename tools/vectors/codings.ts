import { toHex, utf8 } from '../../packages/format/src/index.ts'
import { MIXED } from '../../packages/server/src/vault/coding.ts'
import { Mixing } from '../../packages/server/src/vault/mixing.ts'

const DICTIONARY =
  '{"affectedUserId":"person-","decisionId":"turn-","messages":[{"content":"You answer questions about a library.","role":"system"}],"modelId":"assistant"}'
const NUMBER = 7

const ANSWER =
  'The reading room is open from nine to six, except on Sundays. Books that are on loan can be reserved at the desk; ' +
  'you are told by letter when one has come back. What is needed for that is your card and the number on it.'

const TEXTS: readonly { name: string; text: string }[] = [
  { name: 'nothing', text: '' },
  { name: 'one byte', text: 'x' },
  {
    name: 'a record with prose',
    text: JSON.stringify({
      affectedUserId: 'person-4711',
      decisionId: 'turn-1',
      messages: [
        { content: 'You answer questions about a library.', role: 'system' },
        { content: 'When are you open?', role: 'user' },
        { content: ANSWER, role: 'assistant' },
      ],
      modelId: 'assistant',
    }),
  },
  { name: 'a long repetition', text: `${ANSWER}\n`.repeat(40) },
  { name: 'a repetition that overlaps itself', text: 'ab'.repeat(400) },
  { name: 'letters of more than one byte', text: 'Größe, 読書室, читальня, 📚. '.repeat(8) },
  { name: 'digits', text: Array.from({ length: 200 }, (_, i) => (i * i * 7_919) % 10_007).join(',') },
]

/** Texts in coding 3: every reader must find the same text, every writer write the same bytes. */
export function codingVectors(): object {
  const mixing = new Mixing(utf8(DICTIONARY))
  const coded = (text: string, length = utf8(text).length): string =>
    toHex(Uint8Array.of(0, NUMBER, length >> 8, length & 255, ...mixing.encode(utf8(text))!))
  return {
    description:
      'What is sealed of a text in coding 3: number of its dictionary, length, and the text by context mixing (hex). The dictionary is that of the number given.',
    coding: MIXED,
    dictionary: { number: NUMBER, text: DICTIONARY },
    valid: TEXTS.map(({ name, text }) => ({ name, text, coded: coded(text) })),
    invalid: [
      { name: 'nothing at all', coded: '' },
      { name: 'no length', coded: '0007' },
      { name: 'another dictionary', coded: `0008${coded('x').slice(4)}` },
      { name: 'longer than a text may be', coded: `00078001${coded('x').slice(8)}` },
      { name: 'a repetition beyond the end', coded: coded('ab'.repeat(400), 100) },
    ],
  }
}
