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
    sentAt: time,
    deliveredAt: time,
  },
  aliases: { noticeType: ['type'] },
  required: [['noticeType']],
})
