import { count, json, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'

/** Records were imported: from which file, under which mapping, how many kept and how many not. */
export const importRun = defineKind({
  kinds: ['import'],
  fields: {
    source: text,
    sourceDigest: text,
    mappingDigest: text,
    format: text,
    rows: count,
    recorded: count,
    duplicates: count,
    rejected: count,
    errors: json,
    /** In how many of the decisions each field was that an audit asks for. */
    fidelity: json,
    startedAt: time,
    completedAt: time,
  },
  aliases: { source: ['file'] },
  required: [['source', 'sourceDigest']],
})
