/**
 * Records of what people asked for, of what holds for them and of what was erased. They are written in words that say why somebody is ill,
 * in court or in debt: all of it is sealed but for a few fields that are dates, ids, counts and choices from a list.
 */
const OF_RIGHTS = /^(request|rectification|erasure|notice|(hold|subject)\..+)$/

const SHOWN: ReadonlySet<string> = new Set(
  `requestId requestType status requestedAt dueAt extendedTo answeredAt isMarketing complaintInfoGiven exceptionPinpoint
  holdId ground scope reviewAt mergeId informedAt erasureId setRoot count completedAt policyVersion keyDestruction backupHorizon
  noticeType accessId sentAt deliveredAt actor basis atSource classification links timestamp at system`.split(
    /\s+/,
  ),
)

/** Whether a top-level field of a record of this kind is sealed because the kind is. Files are called by whom they are about. */
export function isSealedOfKind(kind: string, name: string): boolean {
  if (kind === 'artifact') return name === 'name'
  return OF_RIGHTS.test(kind) && !SHOWN.has(name)
}
