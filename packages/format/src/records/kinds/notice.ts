import { identifier, json, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'

/** A person was told something the law wants told: that AI is used, that a decision is adverse, that data leaked. */
export const notice = defineKind({
  kinds: ['notice'],
  fields: {
    noticeType: text,
    template: text,
    templateVersion: identifier,
    affectedUserId: identifier,
    recipient: json,
    language: text,
    channel: text,
    /** Queued until it is sent: when it must be at the latest. */
    status: text,
    dueAt: time,
    /** The erasure it tells of, and the reference of whoever asked for it: who the person was is known outside. */
    erasureId: identifier,
    requestRef: text,
    /** Entry id of the look by which the recipient got a copy. */
    accessId: identifier,
    sentAt: time,
    deliveredAt: time,
  },
  aliases: { noticeType: ['type'] },
  required: [['noticeType']],
})
