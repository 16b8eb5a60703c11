/** The settings of a server laid out for a reader: what each is, what it means, and what is missing. */
import { counted, count, timeText } from '../display.ts'
import type { ServerSettings } from './settings-query.ts'

export interface Line {
  readonly name: string
  readonly value: string
  readonly note?: string
  /** Whether it is something that ought to be there and is not, or is open that might be closed. */
  readonly tone?: 'missing' | 'open'
  readonly isCode?: boolean
}

export interface Part {
  readonly title: string
  readonly lines: readonly Line[]
}

/** Everything a reader is told, in parts. */
export function partsOf(settings: ServerSettings): readonly Part[] {
  return [
    { title: 'Ledger', lines: ledgerLines(settings) },
    { title: 'Who else knows', lines: outsideLines(settings) },
    { title: 'Way to the server', lines: wayLines(settings) },
    { title: 'Reading', lines: readingLines(settings) },
    { title: 'Keeping', lines: keepingLines(settings) },
  ]
}

function ledgerLines({ ledger, signer }: ServerSettings): Line[] {
  const state: Line =
    ledger.state === 'open'
      ? { name: 'State', value: 'open', note: 'Takes records.' }
      : {
          name: 'State',
          value: 'archived',
          note: 'Takes no records from outside; is read, proven and verified as before.',
        }
  return [
    { name: 'Origin', value: ledger.origin, isCode: true },
    { name: 'Verification key', value: ledger.vkey, isCode: true },
    { name: 'Entries', value: count(ledger.size) },
    state,
    signer === 'own'
      ? { name: 'Signer', value: 'apart from this server', note: 'Keeps its own memory of what it signed.' }
      : {
          name: 'Signer',
          value: 'this server',
          note: 'Whoever holds the server’s keys could sign another history. A signer of its own, or witnesses, would notice.',
          tone: 'missing',
        },
  ]
}

function outsideLines({ witnesses, timestamps }: ServerSettings): Line[] {
  return [
    witnesses.length > 0
      ? {
          name: 'Witnesses',
          value: witnesses.join(', '),
          note: 'Cosign checkpoints, so that all see the same ledger.',
        }
      : {
          name: 'Witnesses',
          value: 'none',
          note: 'Nobody outside vouches that everybody is shown the same ledger.',
          tone: 'missing',
        },
    timestamps.length > 0
      ? { name: 'Timestamps', value: timestamps.join(', '), note: 'Say by when a checkpoint existed.' }
      : {
          name: 'Timestamps',
          value: 'none',
          note: 'When something was recorded rests on this server’s clock alone.',
          tone: 'missing',
        },
  ]
}

const TRANSPORT: Record<ServerSettings['transport'], Pick<Line, 'value' | 'note'>> = {
  tls: { value: 'TLS', note: 'The port itself speaks TLS.' },
  proxy: {
    value: 'a proxy in front',
    note: 'TLS, if any, ends there; its address is believed about who asks.',
  },
  loopback: { value: 'this machine only', note: 'Reached over the loopback interface, without TLS.' },
}

function wayLines({ transport, publicLedger, publicMetrics }: ServerSettings): Line[] {
  return [
    { name: 'Transport', ...TRANSPORT[transport] },
    publicLedger
      ? {
          name: 'Raw ledger',
          value: 'open to anybody',
          note: 'It holds no content; how much was recorded when can be seen.',
          tone: 'open',
        }
      : {
          name: 'Raw ledger',
          value: 'for keys that may',
          note: 'Strangers check from bundles and the evidence they are given.',
        },
    publicMetrics
      ? { name: 'Metrics', value: 'open to anybody', tone: 'open' }
      : { name: 'Metrics', value: 'for keys that may' },
  ]
}

function readingLines({ sessionMinutes, revealMinutes, smallCells }: ServerSettings): Line[] {
  return [
    {
      name: 'A session lasts',
      value: minutesText(sessionMinutes),
      note: 'Less when it is not used, or its key ends.',
    },
    {
      name: 'A reveal stays open',
      value: minutesText(revealMinutes),
      note: 'Then it is stated, and recorded, anew.',
    },
    {
      name: 'Small groups',
      value: `fewer than ${smallCells} decisions are not shown`,
      note: 'To whoever may not see single decisions. Many overlapping questions can still tell of one.',
    },
  ]
}

function keepingLines({ retention, scrubDays, scrub, index }: ServerSettings): Line[] {
  const isConfigured = !retention.startsWith('not configured')
  return [
    isConfigured
      ? { name: 'Retention', value: retention }
      : {
          name: 'Retention',
          value: 'not configured',
          note: 'Nothing is ever deleted. Whether the law wants that is for you to say; it is a standing finding.',
          tone: 'missing',
        },
    scrubDays > 0
      ? {
          name: 'Stored bytes are read again',
          value: `every ${counted(scrubDays, 'day')}`,
          ...scrubNote(scrub),
        }
      : {
          name: 'Stored bytes are read again',
          value: 'never',
          note: 'Damage on the disk shows when somebody looks.',
          tone: 'missing',
        },
    {
      name: 'Index',
      value: index === 'embedded' ? 'embedded' : 'a ClickHouse server',
      note: 'Can be thrown away and rebuilt.',
    },
  ]
}

function scrubNote({ finishedAt, findings }: ServerSettings['scrub']): Pick<Line, 'note' | 'tone'> {
  const last =
    finishedAt === null ? 'The first round is not finished.' : `Last round ended ${timeText(finishedAt)} UTC.`
  if (findings.length === 0) return { note: `${last} Nothing damaged was found.` }
  return { note: `${last} ${counted(findings.length, 'finding')}: run “deponent verify”.`, tone: 'missing' }
}

function minutesText(minutes: number): string {
  return minutes >= 120 && minutes % 60 === 0 ? counted(minutes / 60, 'hour') : counted(minutes, 'minute')
}
