import { sha256, toHex, utf8 } from '@deponent/format'
import { iso } from './calendar.ts'
import type { Chance } from './chance.ts'
import { COMPANY, STAFF, SYSTEMS } from './company.ts'
import { dialogues } from './dialogues.ts'
import type { Dialogue, Exchange, HelpPage, Topic } from './dialogues.ts'
import { textOf } from './demo-record.ts'
import type { DemoRecord } from './demo-record.ts'
import { personById, personOf, POPULATION } from './people.ts'
import type { Person } from './people.ts'
import { inForceAt, isBroken } from './story.ts'
import type { Story } from './story.ts'

type Fields = DemoRecord['record']

/** One conversation of a customer with the assistant. */
interface Session {
  id: string
  traceId: string
  person: Person
  topic: Topic
  dialogue: Dialogue
  /** What the texts and tools of the dialogue are about. */
  facts: Record<string, string>
  promptVersion: string
  servedModel: string
  chance: Chance
}

/** One message of a conversation; `toolCalls` only where the assistant used tools. */
interface Message {
  role: 'system' | 'user' | 'assistant'
  content: string
}

const SYSTEM_PROMPT =
  `You are the assistant of ${COMPANY}. Be brief and friendly. You may look up the customer's own applications and ` +
  'loans with your tools. Never give financial advice, never promise a decision, hand over to a person when asked.'
/** Tokens of the instructions and tool definitions the provider keeps cached. */
const CACHED_TOKENS = 1_184
/** USD per million tokens. */
const price = { input: 2.4, output: 9.6, cacheRead: 0.24 }

/**
 * A conversation: one decision per answer, and sometimes a thumb at its end.
 *
 * @param recent the scorer's latest decisions; customers ask about their own
 */
export function assistantSession(
  story: Story,
  seed: string,
  chance: Chance,
  startsAt: number,
  recent: readonly DemoRecord[],
): DemoRecord[] {
  const session = newSession(story, seed, chance, startsAt, recent)
  const records: DemoRecord[] = []
  const messages: Message[] = [{ role: 'system', content: SYSTEM_PROMPT }]
  let at = startsAt
  for (const exchange of exchangesOf(session)) {
    const answer = turn(session, messages, exchange, at)
    records.push(answer)
    at = answer.at + Math.round(chance.around(38_000, 0.6))
  }
  return [...records, ...feedback(session, records.at(-1)!, at)]
}

function newSession(
  story: Story,
  seed: string,
  chance: Chance,
  at: number,
  recent: readonly DemoRecord[],
): Session {
  const topic = chance.weighted(isBroken(story, at) ? topicsWhenBroken : topics)
  const dialogue = dialogues[topic]
  const about = dialogue.aboutApplication
    ? recentApplication(chance, recent, topic === 'declined')
    : undefined
  const customer = about && textOf(about, 'affectedUserId')
  const person = customer === undefined ? anyone(seed, chance) : personById(seed, customer)
  return {
    id: `chat-${chance.hex(10)}`,
    traceId: chance.hex(32),
    person,
    topic,
    dialogue,
    facts: factsOf(chance, person, about, at),
    promptVersion: inForceAt(story.assistantPrompts, at).version,
    servedModel: at < story.servedModelChangedAt ? 'aria-2-0115' : 'aria-2-0402',
    chance,
  }
}

const topics = {
  status: 26,
  repayEarly: 15,
  address: 13,
  pause: 10,
  documents: 14,
  declined: 6,
  advice: 6,
  person: 6,
  injection: 1.2,
  fraud: 2.8,
} as const
const topicsWhenBroken = { ...topics, declined: 27 }

function anyone(seed: string, chance: Chance): Person {
  return personOf(seed, chance.integer(0, POPULATION - 1))
}

/** One of the last sixty applications, among the declined ones when it is about being declined. */
function recentApplication(
  chance: Chance,
  recent: readonly DemoRecord[],
  declined: boolean,
): Fields | undefined {
  const records = recent.slice(-60).map(({ record }) => record)
  const [first, ...others] = declined
    ? records.filter((record) => record['prediction'] === 'decline')
    : records
  return first === undefined ? undefined : chance.pick([first, ...others])
}

function factsOf(
  chance: Chance,
  person: Person,
  about: Fields | undefined,
  at: number,
): Record<string, string> {
  return {
    name: person.firstName,
    case: (about && textOf(about, 'caseId')) ?? `loan-${new Date(at).getUTCFullYear()}-${chance.hex(7)}`,
    status: about?.['prediction'] === 'approve' ? 'approved' : 'declined',
    balance: String(chance.integer(8, 160) * 100),
    fee: String(chance.integer(12, 140)),
    street: `${chance.pick(['Lindenweg', 'Hafenstraße', 'Am Anger', 'Birkenallee'])} ${chance.integer(1, 98)}`,
    months: String(chance.integer(2, 3)),
  }
}

/** How far the customer goes: the first exchange always, the later ones ever less surely. */
function exchangesOf({ dialogue, chance }: Session): Exchange[] {
  const exchanges: Exchange[] = []
  for (const exchange of dialogue.exchanges) {
    if (exchanges.length > 0 && !chance.happens(0.8)) break
    exchanges.push(exchange)
  }
  return exchanges
}

function turn(session: Session, messages: Message[], exchange: Exchange, asksAt: number): DemoRecord {
  const { chance } = session
  messages.push({ role: 'user', content: fill(chance.pick(exchange.user), session.facts) })
  const outputTokens = Math.round(chance.around(70, 0.4))
  const timeToFirstTokenMs = Math.round(chance.around(410, 0.4))
  const latencyMs = timeToFirstTokenMs + outputTokens * chance.integer(11, 19)
  const answered = answer(session, messages, exchange, outputTokens)
  const at = asksAt + latencyMs
  const record = { ...envelope(session, at), timeToFirstTokenMs, latencyMs, ...answered }
  return { at, kind: 'decision', record }
}

function envelope(session: Session, at: number): Fields {
  const { chance, person } = session
  return {
    decisionId: chance.uuid(at),
    sessionId: session.id,
    traceId: session.traceId,
    spanId: chance.hex(16),
    requestId: `req-${chance.hex(10)}`,
    timestamp: iso(at),
    environment: 'production',
    system: SYSTEMS.assistant,
    systemActor: 'service-chat',
    deployer: COMPANY,
    region: person.region,
    jurisdiction: ['DE', 'EU'],
    userId: person.id,
    affectedUserId: person.id,
    modelId: 'aria-2',
    modelVersion: session.servedModel.slice('aria-2-'.length),
    modelType: 'llm',
    provider: 'Lumenforge',
    operation: 'chat',
    requestedModel: 'aria-2',
    servedModel: session.servedModel,
    promptName: 'service-assistant',
    promptVersion: session.promptVersion,
    inference: { temperature: 0.2, maxOutputTokens: 600 },
    inputFeatures: { topic: session.topic, language: 'en' },
    riskTier: 'low',
    decisionCategory: 'customer-service',
    consequenceLevel: 'informational',
    legalEffect: false,
    purpose: 'answering customers',
    lawfulBasis: 'contract',
    automationLevel: 'automatic-with-handover',
    dataRetentionPolicy: 'conversations',
    humanReviewRequired: false,
  }
}

/** What came back from the model: an answer, a refusal by a guardrail, or a failure of the provider. */
function answer(session: Session, messages: Message[], exchange: Exchange, outputTokens: number): Fields {
  const { chance } = session
  const failure = chance.weighted({ none: 970, error: 9, timeout: 5, fallback: 16 })
  if (failure === 'error' || failure === 'timeout') return { ...failures[failure], messages: copy(messages) }
  messages.push({ role: 'assistant', content: fill(chance.pick(exchange.assistant), session.facts) })
  return {
    status: exchange.blockedBy === undefined ? (failure === 'fallback' ? 'fallback' : 'ok') : 'refused',
    prediction: exchange.resolution ?? 'answered',
    confidence: Math.round(chance.between(0.7, 0.99) * 100) / 100,
    confidenceKind: 'self_reported',
    messages: copy(messages),
    finishReason: exchange.blockedBy === undefined ? 'stop' : 'content_filter',
    guardrails: guardrailsOf(exchange),
    ...toolsOf(session, exchange),
    ...usageOf(messages, outputTokens),
  }
}

const failures: Record<'error' | 'timeout', Fields> = {
  error: { status: 'error', error: { type: 'Overloaded', message: 'the provider answered 529' } },
  timeout: { status: 'timeout', error: { type: 'Timeout', message: 'no first token within 20 s' } },
}

function copy(messages: readonly Message[]): Fields[] {
  return messages.map((message) => ({ ...message }))
}

function guardrailsOf({ blockedBy }: Exchange): Fields[] {
  const names = ['prompt-injection', 'financial-advice', 'personal-data']
  return names.map((name) => ({ name, outcome: name === blockedBy ? 'blocked' : 'passed' }))
}

function toolsOf({ facts, chance }: Session, { tool }: Exchange): Fields {
  if (tool === undefined) return {}
  const call = { id: `call-${chance.hex(8)}`, name: tool.name }
  const text = fill(JSON.stringify({ arguments: tool.arguments, result: tool.result }), facts)
  const documents: Fields = tool.document === undefined ? {} : { retrievedDocuments: [cited(tool.document)] }
  return { toolCalls: [{ ...call, ...(JSON.parse(text) as Fields) }], ...documents }
}

function cited({ id, version, text }: HelpPage): Fields {
  return { id, version, digest: `sha256:${toHex(sha256(utf8(text)))}` }
}

/** About four characters make a token; good enough for a bill nobody pays. */
function usageOf(messages: readonly Message[], output: number): Fields {
  const characters = messages.slice(1, -1).reduce((sum, { content }) => sum + content.length, 0)
  const input = CACHED_TOKENS + Math.ceil(characters / 4)
  const fresh = input - CACHED_TOKENS
  const cost = (fresh * price.input + CACHED_TOKENS * price.cacheRead + output * price.output) / 1e6
  return {
    tokenUsage: { input, output, cacheRead: CACHED_TOKENS, cacheWrite: 0, reasoning: 0 },
    costUsd: Math.round(cost * 1e6) / 1e6,
  }
}

function feedback(session: Session, last: DemoRecord, at: number): DemoRecord[] {
  const { chance, person, dialogue } = session
  if (!chance.happens(0.14)) return []
  const record = {
    timestamp: iso(at),
    system: SYSTEMS.assistant,
    decisionId: last.record['decisionId']!,
    actor: person.id,
    name: 'thumb',
    scorerType: 'human',
    value: chance.happens(dialogue.contentment) ? 1 : 0,
  }
  return [{ at, kind: 'score', record }, ...qualityCheck(session, last, at)]
}

/** The service team reads a few of the rated conversations. */
function qualityCheck({ chance }: Session, last: DemoRecord, at: number): DemoRecord[] {
  if (!chance.happens(0.25)) return []
  const checkedAt = at + Math.round(chance.around(26 * 3_600_000, 0.4))
  const record = {
    timestamp: iso(checkedAt),
    system: SYSTEMS.assistant,
    decisionId: last.record['decisionId']!,
    actor: chance.pick(STAFF.service),
    text: chance.pick([
      'answer correct and kind',
      'correct, but too long',
      'should have offered a person earlier',
    ]),
  }
  return [{ at: checkedAt, kind: 'comment', record }]
}

function fill(text: string, facts: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{(\w+)\}/g, (slot, name: string) => facts[name] ?? slot)
}
