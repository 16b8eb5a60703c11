/** Morrowby Credit does not exist; nor do its people, its suppliers or their models. */
export const COMPANY = 'Morrowby Credit'

/** The names its three AI systems are recorded under. */
export const SYSTEMS = {
  scorer: 'credit-scorer',
  screener: 'cv-screener',
  assistant: 'customer-assistant',
} as const

export const STAFF = {
  /** Credit officers, who review and override the scorer. */
  officers: ['staff-adeyemi', 'staff-brandt', 'staff-castellano', 'staff-dvorak', 'staff-eriksen'],
  recruiters: ['staff-fontaine', 'staff-gallagher'],
  scientist: 'staff-haverkamp',
  engineer: 'staff-ibarra',
  headOfRisk: 'staff-jansone',
  service: ['staff-kowalczyk', 'staff-lindholm'],
} as const
