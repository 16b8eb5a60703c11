import { choice, flag, identifier, json, list, number, text, time } from '../fields.ts'
import { ABOUT_A_DECISION, defineKind } from '../kind.ts'

/**
 * What a person made of a decision (AI Act Art. 14(4)): agree, override, reverse, disregard, not use it,
 * or escalate, with what they saw and for how long. A signature that came along proves nothing here; its
 * meaning (21 CFR 11.50) is kept.
 */
export const review = defineKind({
  kinds: ['review'],
  fields: {
    reviewerId: identifier,
    reviewerRole: text,
    competenceRef: text,
    queue: text,
    queuedAt: time,
    openedAt: time,
    closedAt: time,
    durationMs: number,
    itemsShown: list(),
    verdict: choice('agree', 'override', 'reverse', 'disregard', 'not_use', 'escalate'),
    humanOverride: flag,
    humanDecision: json,
    overrideReason: text,
    comment: text,
    meaning: text,
    secondVerifierId: identifier,
    contestRef: identifier,
    authority: flag,
  },
  aliases: {
    reviewerId: ['humanReviewerId', 'reviewer.id', 'reviewer'],
    reviewerRole: ['reviewer.role'],
    humanOverride: ['overridden'],
    overrideReason: ['reason'],
  },
  required: [ABOUT_A_DECISION, ['verdict', 'humanDecision', 'humanOverride', 'comment']],
})
