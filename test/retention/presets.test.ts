import { expect, test } from 'vitest'
import { parsePeriod } from '../../packages/server/src/calendar/period.ts'
import { PRESETS, presetOf } from '../../packages/server/src/retention/presets.ts'

/** Numbers as the sources and the laws have them. */
const PERIODS: readonly (readonly [id: string, bound: string, period: string | null, trigger: string])[] = [
  ['high_risk', 'period', 'P3650D', 'event'],
  ['financial', 'period', 'P2555D', 'event'],
  ['healthcare', 'period', 'P2555D', 'event'],
  ['standard', 'period', 'P365D', 'event'],
  ['development', 'period', 'P90D', 'event'],
  ['default', 'period', 'P7Y', 'event'],
  ['high-risk', 'period', 'P10Y', 'event'],
  ['incidents', 'floor', 'permanent', 'incident_closed'],
  ['eu_aia_log_min', 'floor', 'P6M', 'event'],
  ['eu_aia_docs_10y', 'period', 'P10Y', 'placed_on_market'],
  ['eu_aia_biometric_use', 'period', null, 'use_ended'],
  ['eu_gdpr_criterion', 'period', null, 'purpose_ended'],
  ['eu_gdpr_dsr', 'period', 'P3Y', 'request_closed'],
  ['eu_pld_claims', 'period', 'P10Y', 'placed_on_market'],
  ['eu_dora_logs', 'floor', null, 'event'],
  ['eu_mifid', 'floor', 'P5Y', 'event'],
  ['eu_aml', 'period', 'P5Y', 'relationship_ended'],
  ['eu_mdr', 'floor', 'P10Y', 'last_device_placed'],
  ['gpai_cop_incident', 'floor', 'P5Y', 'incident_closed'],
  ['us_sec_bd_6y', 'floor', 'P6Y', 'event'],
  ['us_sec_bd_3y', 'floor', 'P3Y', 'event'],
  ['us_ria_5y', 'floor', 'P5Y', 'fiscal_year_ended'],
  ['us_sox_workpapers', 'floor', 'P7Y', 'audit_concluded'],
  ['us_ecoa', 'floor', 'P25M', 'notice_given'],
  ['us_employment', 'floor', 'P1Y', 'event'],
  ['us_ca_crd_ads', 'floor', 'P4Y', 'event'],
  ['us_ca_ccpa_requests', 'floor', 'P24M', 'request_closed'],
  ['us_ca_ccpa_risk', 'floor', 'P5Y', 'processing_ended'],
  ['us_ca_ccpa_audit', 'floor', 'P5Y', 'event'],
  ['us_co_admt', 'floor', 'P3Y', 'event'],
  ['us_nyc_ll144_post', 'floor', 'P6M', 'use_ended'],
  ['us_hipaa_docs', 'floor', 'P6Y', 'last_effective'],
  ['us_part11', 'floor', null, 'event'],
  ['us_bipa_max', 'ceiling', 'P3Y', 'event'],
  ['soc2_period', 'period', 'P18M', 'event'],
]

test('the presets have the ids and numbers of their sources, and count from what these count from', () => {
  expect(PRESETS.map(({ id, bound, period, trigger }) => [id, bound, period, trigger])).toEqual(PERIODS)
})

test('every preset says what it rests on, and has a period that can be counted, or none', () => {
  for (const { id, basis, note, period } of PRESETS) {
    expect(presetOf(id)?.id).toBe(id)
    expect(basis).not.toBe('')
    if (period !== null && period !== 'permanent') expect([id, parsePeriod(period)]).not.toContain(undefined)
    if (period === null) expect([id, note]).not.toContain(undefined)
  }
  expect(presetOf('HIGH_RISK')).toBeUndefined()
})
