/**
 * Retention policies under names that people know. Those of the product's sources keep the numbers they were published with, also where no
 * law says so; those that a law speaks of count by the calendar, from what the law counts from. None of them is legal advice.
 */

/** What a period counts from. `event`: the time of the record itself. All others are dates that the operator states for a system. */
export const TRIGGERS = [
  'event',
  'incident_closed',
  'placed_on_market',
  'last_device_placed',
  'use_ended',
  'purpose_ended',
  'request_closed',
  'relationship_ended',
  'fiscal_year_ended',
  'audit_concluded',
  'notice_given',
  'last_effective',
  'superseded',
  'processing_ended',
] as const
export type Trigger = (typeof TRIGGERS)[number]

/** Those of which one date holds for a whole system. Of the others each person, request or incident has one of its own, which nobody tells the server yet. */
export const SYSTEM_TRIGGERS = [
  'placed_on_market',
  'last_device_placed',
  'use_ended',
  'purpose_ended',
  'fiscal_year_ended',
  'audit_concluded',
  'last_effective',
  'superseded',
  'processing_ended',
] as const satisfies readonly Trigger[]
export type SystemTrigger = (typeof SYSTEM_TRIGGERS)[number]

export function isOfSystem(trigger: Trigger): trigger is SystemTrigger {
  return SYSTEM_TRIGGERS.includes(trigger as SystemTrigger)
}

/** What a period speaks of. Only the payload of records, and what is derived from it, is ever deleted by the server. */
export const LAYERS = ['skeleton', 'payload', 'identity', 'artefact', 'document', 'incident'] as const
export type Layer = (typeof LAYERS)[number]

/** `floor`: at least so long. `ceiling`: at most. `period`: so long, and then it goes. */
export const BOUNDS = ['floor', 'ceiling', 'period'] as const
export type Bound = (typeof BOUNDS)[number]

/**
 * Where the number comes from: a `source` of the product, the text of a law that was read (`text`), one that others tell of (`reported`), or
 * one that is to be read again before it is relied on (`reread`); `practice` where no law says anything.
 */
export type Confidence = 'source' | 'text' | 'reported' | 'reread' | 'practice'

export interface Preset {
  readonly id: string
  readonly bound: Bound
  /** ISO 8601; `permanent`; null where the law leaves it to the operator, who must state one. */
  readonly period: string | null
  readonly trigger: Trigger
  readonly layer: Layer
  readonly basis: string
  readonly confidence: Confidence
  /** What whoever chooses it should know. */
  readonly note?: string
}

const preset = (
  id: string,
  bound: Bound,
  period: string | null,
  trigger: Trigger,
  layer: Layer,
  basis: string,
  confidence: Confidence,
  note?: string,
): Preset => ({ id, bound, period, trigger, layer, basis, confidence, ...(note !== undefined && { note }) })

const SOURCES = [
  preset(
    'high_risk',
    'period',
    'P3650D',
    'event',
    'payload',
    'source preset',
    'source',
    'two or three days short of ten calendar years; longer than the six months of EU AI Act Art. 19(1), so GDPR Art. 5(1)(e) asks for a reason',
  ),
  preset(
    'financial',
    'period',
    'P2555D',
    'event',
    'payload',
    'source preset',
    'source',
    'up to two days short of seven calendar years; the seven years of 17 CFR 210.2-06 are for workpapers of auditors, from the conclusion of the audit',
  ),
  preset(
    'healthcare',
    'period',
    'P2555D',
    'event',
    'payload',
    'source preset',
    'source',
    'longer than the six years of 45 CFR 164.316(b)(2)(i), which are for documentation and not for logs',
  ),
  preset(
    'standard',
    'period',
    'P365D',
    'event',
    'payload',
    'source preset',
    'source',
    'a day short of a leap year; longer than six months',
  ),
  preset(
    'development',
    'period',
    'P90D',
    'event',
    'payload',
    'source preset',
    'source',
    'shorter than six months: not for a high-risk system in production',
  ),
  preset(
    'default',
    'period',
    'P7Y',
    'event',
    'payload',
    'source preset',
    'source',
    'no rule of the GDPR, which fixes no period',
  ),
  preset(
    'high-risk',
    'period',
    'P10Y',
    'event',
    'payload',
    'source preset',
    'source',
    'ten calendar years; high_risk is 3,650 days',
  ),
  preset(
    'incidents',
    'floor',
    'permanent',
    'incident_closed',
    'incident',
    'source preset',
    'source',
    'no law says so; it is to be reviewed every year, and what is personal taken out',
  ),
] as const

const LAWS = [
  preset(
    'eu_aia_log_min',
    'floor',
    'P6M',
    'event',
    'payload',
    'Regulation (EU) 2024/1689 Art. 19(1), 26(6)',
    'text',
    'a floor and no target; applies from 2 December 2027 (Annex III) or 2 August 2028 (Annex I), subject to data-protection law',
  ),
  preset(
    'eu_aia_docs_10y',
    'period',
    'P10Y',
    'placed_on_market',
    'document',
    'Regulation (EU) 2024/1689 Art. 18(1), 47',
    'text',
    'documents of each version, not logs',
  ),
  preset(
    'eu_aia_biometric_use',
    'period',
    null,
    'use_ended',
    'document',
    'Regulation (EU) 2024/1689 Art. 26(10)',
    'text',
    'as long as the police file it belongs to',
  ),
  preset(
    'eu_gdpr_criterion',
    'period',
    null,
    'purpose_ended',
    'payload',
    'Regulation (EU) 2016/679 Art. 5(1)(e), 13(2)(a), 30(1)(f)',
    'text',
    'the criterion is to be written down as justification',
  ),
  preset(
    'eu_gdpr_dsr',
    'period',
    'P3Y',
    'request_closed',
    'document',
    'Regulation (EU) 2016/679 Art. 5(2)',
    'practice',
    'set by the operator; three years are a suggestion, after common limitation periods',
  ),
  preset(
    'eu_pld_claims',
    'period',
    'P10Y',
    'placed_on_market',
    'artefact',
    'Directive (EU) 2024/2853 Art. 17',
    'reported',
    '25 years for latent injury; artefacts and skeleton, not all payload',
  ),
  preset(
    'eu_dora_logs',
    'floor',
    null,
    'event',
    'payload',
    'Delegated Regulation (EU) 2024/1774 Art. 12(2)(a), 12(3)',
    'reported',
    'set by the operator, with reasons',
  ),
  preset(
    'eu_mifid',
    'floor',
    'P5Y',
    'event',
    'payload',
    'Directive 2014/65/EU Art. 16(7)',
    'reread',
    'seven years where the authority asks for it',
  ),
  preset(
    'eu_aml',
    'period',
    'P5Y',
    'relationship_ended',
    'payload',
    'anti-money-laundering rules of the EU',
    'reread',
    'a ceiling too: then it goes',
  ),
  preset(
    'eu_mdr',
    'floor',
    'P10Y',
    'last_device_placed',
    'document',
    'Regulation (EU) 2017/745 Art. 10(8)',
    'reread',
    'fifteen years for implantable devices',
  ),
  preset(
    'gpai_cop_incident',
    'floor',
    'P5Y',
    'incident_closed',
    'incident',
    'GPAI Code of Practice, commitment 9',
    'reread',
    'from the later of record and incident',
  ),
  preset(
    'us_sec_bd_6y',
    'floor',
    'P6Y',
    'event',
    'payload',
    '17 CFR 240.17a-4(a)',
    'reread',
    'the first two years easily accessible',
  ),
  preset(
    'us_sec_bd_3y',
    'floor',
    'P3Y',
    'event',
    'payload',
    '17 CFR 240.17a-4(b)',
    'reread',
    'the first two years easily accessible',
  ),
  preset('us_ria_5y', 'floor', 'P5Y', 'fiscal_year_ended', 'payload', '17 CFR 275.204-2', 'reread'),
  preset(
    'us_sox_workpapers',
    'floor',
    'P7Y',
    'audit_concluded',
    'document',
    '17 CFR 210.2-06',
    'text',
    'of auditors only',
  ),
  preset(
    'us_ecoa',
    'floor',
    'P25M',
    'notice_given',
    'payload',
    '12 CFR 1002.12(b)',
    'text',
    'twelve months for business credit; longer on notice of an investigation',
  ),
  preset(
    'us_employment',
    'floor',
    'P1Y',
    'event',
    'payload',
    '29 CFR 1602.14',
    'reread',
    'from the later of record and action; a charge is a hold',
  ),
  preset(
    'us_ca_crd_ads',
    'floor',
    'P4Y',
    'event',
    'payload',
    '2 CCR 11013(c)',
    'reported',
    'from the later of record and action; a complaint is a hold',
  ),
  preset('us_ca_ccpa_requests', 'floor', 'P24M', 'request_closed', 'document', '11 CCR 7101', 'text'),
  preset(
    'us_ca_ccpa_risk',
    'floor',
    'P5Y',
    'processing_ended',
    'document',
    '11 CCR 7155',
    'reported',
    'the later of this and the end of the processing',
  ),
  preset('us_ca_ccpa_audit', 'floor', 'P5Y', 'event', 'document', '11 CCR, cybersecurity audits', 'reported'),
  preset(
    'us_co_admt',
    'floor',
    'P3Y',
    'event',
    'payload',
    'C.R.S. 6-1-1702, 6-1-1703',
    'reported',
    'from 1 January 2027; documents from when they are superseded',
  ),
  preset(
    'us_nyc_ll144_post',
    'floor',
    'P6M',
    'use_ended',
    'document',
    '6 RCNY 5-303',
    'reported',
    'a publication, and no log',
  ),
  preset(
    'us_hipaa_docs',
    'floor',
    'P6Y',
    'last_effective',
    'document',
    '45 CFR 164.316(b)(2)(i)',
    'text',
    'documentation; to apply it to logs is a choice of policy',
  ),
  preset(
    'us_part11',
    'floor',
    null,
    'event',
    'payload',
    '21 CFR 11.10(e)',
    'reported',
    'at least as long as the record it is about',
  ),
  preset(
    'us_bipa_max',
    'ceiling',
    'P3Y',
    'event',
    'identity',
    '740 ILCS 14/15(a)',
    'reported',
    'from the last interaction, or the end of the purpose if that is earlier',
  ),
  preset(
    'soc2_period',
    'period',
    'P18M',
    'event',
    'payload',
    'practice of SOC 2 audits',
    'practice',
    'the audit period and until the next report',
  ),
] as const

/** All of them, those of the sources first. */
export const PRESETS: readonly Preset[] = [...SOURCES, ...LAWS]

const BY_ID: ReadonlyMap<string, Preset> = new Map(PRESETS.map((one) => [one.id, one]))

/** The preset of this exact id: `high_risk` and `high-risk` are two. */
export function presetOf(id: string): Preset | undefined {
  return BY_ID.get(id)
}
