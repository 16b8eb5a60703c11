import { Command, Option } from 'commander'
import { HOLD_GROUNDS } from '../rights/holds.ts'
import { note } from '../platform/terminal.ts'
import { asked, askedAll, type AskingOptions } from './asking.ts'
import { withConnection, withLedger } from './options.ts'
import { table } from './table.ts'

interface Hold {
  holdId: string
  ground: string
  state: string
  reviewAt?: string
  isPastReview: boolean
  warnings?: string[]
}

interface PlaceOptions extends AskingOptions {
  ground: string
  reason: string
  owner: string
  reviewAt: string
  subject?: string[]
  system?: string[]
  decision?: string[]
  from?: string
  to?: string
}

const place = withLedger(withConnection(new Command('place')))
  .description('suspend erasure of some records on a legal ground')
  .addOption(new Option('--ground <code>', 'the ground').choices(HOLD_GROUNDS).makeOptionMandatory())
  .requiredOption('--reason <words>', 'which obligation, claim or case; it is recorded')
  .requiredOption('--owner <name>', 'who answers for it')
  .requiredOption('--review-at <time>', 'when it is looked at again (RFC 3339)')
  .option('--subject <id...>', 'records of these people')
  .option('--system <name...>', 'records of these AI systems')
  .option('--decision <id...>', 'these decisions')
  .option('--from <time>', 'records received from then on')
  .option('--to <time>', 'records received before')
  .addHelpText(
    'after',
    '\nExample:\n  deponent hold place --ground gdpr_17_3_e --reason "case 12/26" --owner legal --review-at 2027-06-01T00:00:00Z --subject applicant-7',
  )
  .action(async (options: PlaceOptions) => {
    const { decision, from, ground, owner, reason, reviewAt, subject, system, to } = options
    const scope = {
      ...(subject && { subjects: subject }),
      ...(system && { systems: system }),
      ...(decision && { decisions: decision }),
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
    }
    await asked<Hold>(
      options,
      (connection) =>
        connection.post('/v1/holds', JSON.stringify({ ground, owner, reason, reviewAt, scope })),
      ({ holdId, warnings = [] }) => {
        for (const warning of warnings) note(warning)
        return holdId
      },
    )
  })

const list = withLedger(withConnection(new Command('list')))
  .description('show holds, those that stand first')
  .addHelpText('after', '\nExample:\n  deponent hold list --data ./data')
  .action((options: AskingOptions) =>
    askedAll<{ items: Hold[] }>(options, '/v1/holds', ({ items }) =>
      items.length === 0 ? 'no holds' : table(items.map(shown)),
    ),
  )

function shown({ ground, holdId, isPastReview, reviewAt = '', state }: Hold): Record<string, unknown> {
  return { id: holdId, ground, state, review: `${reviewAt}${isPastReview ? ' (past)' : ''}` }
}

const review = withLedger(withConnection(new Command('review')))
  .description('say that a hold was looked at and is still needed')
  .argument('<id>', 'the hold')
  .requiredOption('--review-at <time>', 'when it is looked at again (RFC 3339)')
  .requiredOption('--reason <words>', 'why it is still needed; it is recorded')
  .addHelpText(
    'after',
    '\nExample:\n  deponent hold review h-0123456789abcdef --review-at 2027-12-01T00:00:00Z --reason "appeal pending"',
  )
  .action((id: string, options: AskingOptions & { reason: string; reviewAt: string }) => {
    const { reason, reviewAt } = options
    return asked<Hold>(
      options,
      (connection) =>
        connection.post(`/v1/holds/${encodeURIComponent(id)}/review`, JSON.stringify({ reason, reviewAt })),
      (hold) => `${hold.holdId} stands, review at ${hold.reviewAt}`,
    )
  })

const release = withLedger(withConnection(new Command('release')))
  .description('ask for the release of a hold, or confirm what another person asked for')
  .argument('<id>', 'the hold')
  .requiredOption('--reason <words>', 'why; it is recorded')
  .addHelpText(
    'after',
    '\nExample:\n  deponent hold release h-0123456789abcdef --reason "the case is closed"',
  )
  .action((id: string, options: AskingOptions & { reason: string }) =>
    asked<Hold>(
      options,
      (connection) =>
        connection.post(
          `/v1/holds/${encodeURIComponent(id)}/release`,
          JSON.stringify({ reason: options.reason }),
        ),
      ({ holdId, state }) =>
        state === 'released' ? `${holdId} is released` : `${holdId} stands until another person confirms`,
    ),
  )

export const hold = new Command('hold')
  .description('what must not be erased, and why')
  .addCommand(place.exitOverride())
  .addCommand(list.exitOverride())
  .addCommand(review.exitOverride())
  .addCommand(release.exitOverride())
