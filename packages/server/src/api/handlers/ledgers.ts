/** The ledgers of this server, as far as they are the caller's, and what they are set to. */
import { ADMIN_TOKEN_ID } from '../../access/caller.ts'
import { bodyAs } from '../body.ts'
import { type Handler, json, type LedgerServices } from '../call.ts'
import { archiveRequest, ledgerRequest } from '../routes/access.ts'

export const listLedgers: Handler = ({ caller, services }) => {
  const own = caller.keyId === ADMIN_TOKEN_ID ? services.ledgers.all() : [services]
  return json({ items: own.map(told) })
}

export const createLedger: Handler = async ({ request, services }) => {
  const { name } = await bodyAs(request, ledgerRequest)
  return json(told(await services.ledgers.create(name)), 201)
}

export const archiveLedger: Handler = async ({ caller, request, services }) => {
  const { reason } = await bodyAs(request, archiveRequest)
  await services.control.archive(reason, caller.actor('ledgers'))
  return json(told(services))
}

export const getSettings: Handler = ({ services }) => {
  const { control, scrub, settings, tenant, version } = services
  const { smallCells, revealMinutes } = control.policy
  const { witnesses, timestamps } = tenant.ledger.outside() ?? { witnesses: [], timestamps: [] }
  return json({
    version,
    ledger: told(services),
    ...settings,
    smallCells,
    revealMinutes,
    sessionMinutes: services.sessions.lastsMs / 60_000,
    witnesses: witnesses.map(({ name }) => name),
    timestamps: timestamps.map(({ authority }) => authority),
    signer: tenant.hasOwnSigner ? 'own' : 'server',
    scrub: scrub.status(),
    retention: retentionTold(services.retention),
  })
}

function retentionTold({ isConfirmed, isSet, settings }: LedgerServices['retention']): string {
  if (!isSet) return 'not configured: nothing is ever deleted'
  if (!isConfirmed) return 'configured, and nobody has agreed to a plan by it: nothing is deleted'
  return settings.schedule === 'daily' ? 'what is due is deleted every day' : 'what is due is deleted by hand'
}

function told({ tenant, control }: LedgerServices): object {
  const { ledger, keys, name } = tenant
  return {
    name,
    origin: ledger.origin,
    size: ledger.size,
    state: control.archivedAt === null ? 'open' : 'archived',
    vkey: keys.vkeys.checkpoint,
  }
}
