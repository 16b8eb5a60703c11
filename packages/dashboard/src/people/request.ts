/** A request of a person over what is kept of them, as the server tells it, and the clock it runs by. */

export const REQUEST_TYPES = [
  'access',
  'portability',
  'rectification',
  'erasure',
  'restriction',
  'objection',
] as const

export type RequestType = (typeof REQUEST_TYPES)[number]

export const REQUEST_STATES = ['open', 'extended', 'answered', 'refused'] as const

export interface PersonRequest {
  readonly requestId: string
  readonly requestType: string
  /** Handle of the person. */
  readonly subject: string
  readonly state: (typeof REQUEST_STATES)[number]
  readonly isExtended: boolean
  readonly identity: 'unchecked' | 'confirmed' | 'failed'
  readonly isMarketing: boolean
  readonly receivedAt: string
  readonly dueAt: string
  readonly isOverdue: boolean
  readonly closedAt?: string
  readonly entry: { readonly index: number; readonly id: string }
}

/** What each kind of request is, in words. */
export const TYPE_WORDS: Readonly<Record<RequestType, string>> = {
  access: 'Access: what is recorded',
  portability: 'Portability: what they provided, to take along',
  rectification: 'Rectification: something is wrong',
  erasure: 'Erasure',
  restriction: 'Restriction: keep it, do not use it',
  objection: 'Objection: stop using it',
}

export const IDENTITY_WORDS: Readonly<Record<PersonRequest['identity'], string>> = {
  unchecked: 'identity not checked',
  confirmed: 'identity confirmed',
  failed: 'identity check failed',
}

/** `access` → Access. */
export function typeName(requestType: string): string {
  return requestType.charAt(0).toUpperCase() + requestType.slice(1).replaceAll('_', ' ')
}

/** Whether it still waits for an answer. */
export function isPending({ state }: Pick<PersonRequest, 'state'>): boolean {
  return state === 'open' || state === 'extended'
}

export interface RequestClock {
  /** `soon`: a week or less is left. */
  readonly tone: 'calm' | 'soon' | 'late' | 'done'
  /** How much of the time is used, 0..1. */
  readonly part: number
  /** Where the first month ended, 0..1, when it was extended. */
  readonly firstDue: number | undefined
  readonly text: string
}

const DAY_MS = 86_400_000
const SOON_MS = 7 * DAY_MS

/** How a request stands against the date its answer is due. `now`: Unix milliseconds. */
export function clockOf(request: PersonRequest, now: number): RequestClock {
  const received = Date.parse(request.receivedAt)
  const due = Date.parse(request.dueAt)
  const closed = request.closedAt === undefined ? undefined : Date.parse(request.closedAt)
  const whole = Math.max(1, due - received)
  const part = Math.min(1, Math.max(0, ((closed ?? now) - received) / whole))
  const firstDue = request.isExtended ? (monthAfter(received) - received) / whole : undefined
  return { part, firstDue, ...wordsOf(request, due - (closed ?? now), (closed ?? now) - received) }
}

function wordsOf(
  request: PersonRequest,
  leftMs: number,
  takenMs: number,
): Pick<RequestClock, 'tone' | 'text'> {
  if (!isPending(request)) {
    const late = leftMs < 0 ? `, ${spanText(-leftMs)} late` : ''
    return { tone: 'done', text: `${request.state} after ${spanText(takenMs)}${late}` }
  }
  if (leftMs < 0) return { tone: 'late', text: `${spanText(-leftMs)} overdue` }
  return { tone: leftMs <= SOON_MS ? 'soon' : 'calm', text: `${spanText(leftMs)} left` }
}

/** The day with the same number, or the last day of a shorter month, in UTC. */
function monthAfter(ms: number): number {
  const at = new Date(ms)
  const day = at.getUTCDate()
  at.setUTCDate(1)
  at.setUTCMonth(at.getUTCMonth() + 1)
  const last = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 0)).getUTCDate()
  at.setUTCDate(Math.min(day, last))
  return at.getTime()
}

/** A length of time in whole days, or in hours where it is less than two of them. */
export function spanText(ms: number): string {
  const days = Math.floor(ms / DAY_MS)
  if (days >= 2) return `${days} days`
  const hours = Math.floor(ms / 3_600_000)
  if (hours < 1) return 'less than an hour'
  return hours === 1 ? '1 hour' : `${hours} hours`
}

/** Why a step cannot be taken now; undefined when it can. */
export function obstacleTo(
  step: 'identity' | 'extend' | 'answer' | 'refuse',
  request: PersonRequest,
  now: number,
): string | undefined {
  if (!isPending(request)) return `It is ${request.state}.`
  switch (step) {
    case 'identity':
      return undefined
    case 'extend':
      if (request.isExtended) return 'A request is extended once.'
      return now > Date.parse(request.dueAt)
        ? 'It can be extended within the first month only, which is over.'
        : undefined
    case 'answer':
      return isAnsweredByContent(request) && request.identity !== 'confirmed'
        ? 'Content leaves after the identity of whoever asks was confirmed.'
        : undefined
    case 'refuse':
      return request.isMarketing
        ? 'An objection to direct marketing cannot be refused (Art. 21(3)).'
        : undefined
  }
}

/** Rights whose answer is content. */
export function isAnsweredByContent({ requestType }: Pick<PersonRequest, 'requestType'>): boolean {
  return requestType === 'access' || requestType === 'portability'
}

/** What waits first, the most urgent on top; then what is closed, the newest first. */
export function inOrder(requests: readonly PersonRequest[]): readonly PersonRequest[] {
  const rank = (request: PersonRequest) => (isPending(request) ? 0 : 1)
  return requests.toSorted((a, b) => {
    if (rank(a) !== rank(b)) return rank(a) - rank(b)
    return isPending(a) ? Date.parse(a.dueAt) - Date.parse(b.dueAt) : b.entry.index - a.entry.index
  })
}
