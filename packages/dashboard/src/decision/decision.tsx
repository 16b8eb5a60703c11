import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useEffect, useMemo, useState } from 'react'
import type { DecisionDocument, DecisionRecord, OpenDecision } from '../api.ts'
import { moveTo, neighbours, searchToReturnTo } from '../decisions/list-memory.ts'
import { count, counted, durationText, exactTimeText, jsonText } from '../display.ts'
import controls from '../elements/controls.module.css'
import { BackIcon, ForwardIcon } from '../elements/icons.tsx'
import { Waiting } from '../elements/state.tsx'
import { useKeys } from '../keyboard.ts'
import { decisionQuery, timelineQuery } from '../queries.ts'
import { isOwnReader } from '../frame/views.ts'
import { restrictionText } from '../privacy/words.ts'
import { useMay, useSession } from '../session/state.ts'
import { Badge } from './badge.tsx'
import { CompletenessPanel } from './completeness.tsx'
import { ConversationPanel } from './conversation.tsx'
import styles from './decision.module.css'
import { ExplanationPanel } from './explanation.tsx'
import { FactsPanel } from './facts.tsx'
import { CONTENT, COST, MODEL, otherFields, WHERE, WHO, WHY } from './fields.ts'
import { humanWord } from './human-word.ts'
import { InputsPanel } from './inputs.tsx'
import { OutcomePanel } from './outcome.tsx'
import { RawPanel } from './raw.tsx'
import { coveredIn } from './pointers.ts'
import { PurposeDialog } from './purpose-dialog.tsx'
import { RevealContext } from './reveal-context.ts'
import { SealedBar } from './reveal.tsx'
import { SeenPanel } from './seen.tsx'
import { TimelinePanel } from './timeline.tsx'
import { Unreadable } from './unreadable.tsx'
import { useRevealed } from './use-revealed.ts'

const route = getRouteApi('/decisions/$id')

/** One decision: what, who, why, by which model, from what, and whether the ledger bears it out. */
export function Decision() {
  const { id } = route.useParams()
  return (
    <div className={styles['page']}>
      <Walk id={id} />
      <Loaded key={id} id={id} />
    </div>
  )
}

/** The way back to the list, and to the decisions before and after in it. */
function Walk({ id }: { readonly id: string }) {
  const navigate = useNavigate()
  const { previous, next } = neighbours(id)
  useEffect(() => moveTo(id), [id])
  const go = (to: string | undefined) => () => {
    if (to !== undefined) void navigate({ to: '/decisions/$id', params: { id: to } })
  }
  const isOwn = isOwnReader(useSession())
  const list = isOwn ? '/' : '/decisions'
  const back = () => void navigate({ to: list, search: searchToReturnTo() })
  useKeys({ j: go(next), k: go(previous), u: back, Escape: back })
  return (
    <nav className={styles['walk']} aria-label="List">
      <Link to={list} search={searchToReturnTo()} className={controls['quiet']}>
        <BackIcon />
        {isOwn ? 'My decisions' : 'Decisions'}
      </Link>
      {(previous ?? next) !== undefined && (
        <span>
          <button
            type="button"
            className={controls['quiet']}
            disabled={previous === undefined}
            onClick={go(previous)}
          >
            <BackIcon />
            Previous
          </button>
          <button
            type="button"
            className={controls['quiet']}
            disabled={next === undefined}
            onClick={go(next)}
          >
            Next
            <ForwardIcon />
          </button>
        </span>
      )}
    </nav>
  )
}

function Loaded({ id }: { readonly id: string }) {
  const plain = useQuery(decisionQuery(id))
  if (plain.error !== null && plain.data === undefined) {
    return <Unreadable id={id} error={plain.error} again={() => void plain.refetch()} />
  }
  if (plain.data === undefined) return <Waiting lines={12} label="Loading the decision" />
  return isOpen(plain.data) ? <Readable plain={plain.data} /> : <Gone decision={plain.data} />
}

/** A decision whose content is there, with what of it is open for the moment. */
function Readable({ plain }: { readonly plain: OpenDecision }) {
  const may = useMay()
  const revealing = useRevealed(plain.id)
  const [asked, setAsked] = useState<string>()
  const { revealed } = revealing
  const decision = revealed !== undefined && isOpen(revealed.decision) ? revealed.decision : plain
  const covered = coveredIn(decision.record)
  const canReveal = may('reveal')
  const reveal = useMemo(() => ({ canReveal, ask: setAsked }), [canReveal])
  return (
    <RevealContext value={reveal}>
      <Headline decision={decision} />
      <SealedBar {...covered} revealing={revealing} />
      <Body decision={decision} openedUntil={revealed?.until} />
      <Limits />
      <PurposeDialog
        asked={asked}
        sealed={covered.sealed}
        revealing={revealing}
        close={() => setAsked(undefined)}
      />
    </RevealContext>
  )
}

function isOpen(decision: DecisionDocument): decision is OpenDecision {
  return decision.record !== undefined
}

/** The entry is there and its content is not; what the ledger shows of the entry still holds. */
function Gone({ decision }: { readonly decision: DecisionDocument }) {
  return (
    <>
      <header className={styles['headline']}>
        <div>
          <h1>The content is not there</h1>
          <Origin decision={decision} />
        </div>
        <Badge decision={decision} />
      </header>
      <TimelinePanel decision={decision} />
      <Limits />
    </>
  )
}

function Limits() {
  return (
    <p className={styles['limits']}>
      Proves the record has not changed since it was recorded. Does not prove that it was true.
    </p>
  )
}

function Headline({ decision }: { readonly decision: OpenDecision }) {
  const { prediction, confidence, status } = decision.record
  return (
    <header className={styles['headline']}>
      <div>
        <h1>
          {prediction === undefined ? `No prediction: ${jsonText(status)}` : jsonText(prediction)}
          {typeof confidence === 'number' && <span>{confidence}</span>}
          {status !== undefined && status !== 'ok' && prediction !== undefined && <em>{jsonText(status)}</em>}
          <HumanWord decision={decision} />
          {decision.erasedFields !== undefined && (
            <em title="What named somebody who was erased is gone from this record.">
              {counted(decision.erasedFields, 'field')} erased
            </em>
          )}
          {decision.restrictedBy !== undefined && (
            <em title={restrictionText(decision.restrictedBy)}>restricted</em>
          )}
        </h1>
        <Origin decision={decision} />
      </div>
      <Badge decision={decision} />
    </header>
  )
}

/** What a human made of it: the latest review that was recorded, or what the decision itself says of one. */
function HumanWord({ decision }: { readonly decision: OpenDecision }) {
  const { data } = useQuery(timelineQuery(decision.id))
  const word = humanWord(decision.record, data?.items ?? [])
  return word === undefined ? null : <em data-overridden={word.isOverridden}>{word.text}</em>
}

/** Where the decision comes from, in one line. */
function Origin({ decision }: { readonly decision: DecisionDocument }) {
  const { record, index, at, receivedAt, time, system, subject } = decision
  const isOwn = isOwnReader(useSession())
  const may = useMay()
  const lateMs = Date.parse(receivedAt) - Date.parse(at)
  return (
    <p>
      <span>{system}</span>
      {record !== undefined && <Made record={record} at={at} />}
      <time dateTime={at}>{exactTimeText(at)} UTC</time>
      <span title={receiptText(receivedAt, time)}>
        recorded {lateMs < 0 ? 'before that, by the clocks' : `${durationText(lateMs)} later`}
      </span>
      <span>index {count(index)}</span>
      {subject !== undefined && !isOwn && (
        <Link to="/decisions" search={{ subject }} className={controls['link']} title={`Person ${subject}`}>
          decisions about this person
        </Link>
      )}
      {subject !== undefined && may('persons') && (
        <Link to="/person/$handle" params={{ handle: subject }} className={controls['link']}>
          page of this person
        </Link>
      )}
    </p>
  )
}

/** The version that decided, with a way to its life as it was then. */
function Made({ record, at }: { readonly record: DecisionRecord; readonly at: string }) {
  const may = useMay()
  const { modelId, modelVersion } = record
  const name = `${jsonText(modelId)} ${jsonText(modelVersion ?? '')}`
  if (!may('models') || typeof modelId !== 'string') return <span>{name}</span>
  return (
    <Link
      to="/models/$model"
      params={{ model: modelId }}
      search={{ at, ...(typeof modelVersion === 'string' && { version: modelVersion }) }}
      className={controls['link']}
      title="Where it comes from, and what was in force then"
    >
      {name}
    </Link>
  )
}

/** The ledger's own time of receipt, and between which moments others place it. */
function receiptText(receivedAt: string, { notBefore, notAfter }: DecisionDocument['time'] = {}): string {
  return [
    `${exactTimeText(receivedAt)} UTC`,
    ...(notBefore ? [`not in the ledger ${notBefore.source} saw at ${exactTimeText(notBefore.at)} UTC`] : []),
    ...(notAfter ? [`in the ledger ${notAfter.source} saw at ${exactTimeText(notAfter.at)} UTC`] : []),
  ].join('\n')
}

interface BodyProps {
  readonly decision: OpenDecision
  readonly openedUntil: number | undefined
}

function Body({ decision, openedUntil }: BodyProps) {
  const { record } = decision
  const may = useMay()
  return (
    <div className={styles['body']}>
      <div>
        <OutcomePanel decision={decision} />
        <ExplanationPanel explanation={record['explanation']} features={record['inputFeatures']} />
        <ConversationPanel messages={record['messages']} />
        <InputsPanel decision={decision} />
        <FactsPanel group={CONTENT} decision={decision} />
        <TimelinePanel decision={decision} />
        {may('access') && <SeenPanel id={decision.id} openedUntil={openedUntil} />}
        <FactsPanel group={otherFields(record)} decision={decision} />
        <RawPanel value={decision} />
      </div>
      <div>
        <FactsPanel group={WHO} decision={decision} />
        <FactsPanel group={WHY} decision={decision} />
        <CompletenessPanel completeness={decision.completeness} />
        <FactsPanel group={MODEL} decision={decision} />
        <FactsPanel group={WHERE} decision={decision} />
        <FactsPanel group={COST} decision={decision} />
      </div>
    </div>
  )
}
