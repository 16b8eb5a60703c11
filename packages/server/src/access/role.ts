/** What somebody is to an AI system and its record. A key holds one role or several; what each may do stands in the policy. */
export const ROLES = [
  'writer',
  'operator',
  'reviewer',
  'auditor',
  'privacy_officer',
  'authority',
  'admin',
  'subject',
] as const

export type Role = (typeof ROLES)[number]
