/**
 * How much a field of a record says about a person. The classes are for whoever reads: what is searchable and what is sealed is
 * decided when a record comes in.
 */
export const FIELD_CLASSES = ['plain', 'identifier', 'protected', 'sealed'] as const

/**
 * - `plain`: what the model is and did, and features that say nothing of the kinds below.
 * - `identifier`: what points at one person, session or case without naming anybody.
 * - `protected`: race, sex, age and the like, by the name of a feature; needed to measure fairness, not to decide.
 * - `sealed`: free text, messages, names and ids of people; shown for a stated purpose only.
 */
export type FieldClass = (typeof FIELD_CLASSES)[number]

const IDENTIFIERS = new Set([
  'caseId',
  'traceId',
  'spanId',
  'requestId',
  'sessionId',
  'userId',
  'subject',
  'humanReviewerId',
  'reviewerId',
  'reviewer',
])

const PROTECTED_FIELDS = new Set(['protectedAttributes'])

/**
 * Words that, as a word of a feature's name, mark a protected attribute: the grounds of EU Charter Art. 21, GDPR Art. 9, and US
 * civil-rights law that names of features use. A list of names, not a detector: a proxy under another name is not found.
 */
const PROTECTED_WORDS = new Set(
  `age birth birthdate birthday birthyear citizenship dateofbirth disability disabled dob ethnic ethnicity faith gender
  genetic genetics indigenous marital nationality orientation origin pregnancy pregnant race racial religion religious sex
  sexual tribe union veteran`.split(/\s+/),
)

const FEATURE = 'feature.'

/** The words of a name: `applicantAge`, `age_group` and `AGE` all say `age`. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
}

function isProtectedName(name: string): boolean {
  return wordsOf(name).some(
    (word) => PROTECTED_WORDS.has(word) || PROTECTED_WORDS.has(word.replace(/s$/, '')),
  )
}

/** The class of a field, of a column of the index, or, as `feature.NAME`, of an input feature. */
export function fieldClassOf(name: string): FieldClass {
  if (name.startsWith(FEATURE)) return isProtectedName(name.slice(FEATURE.length)) ? 'protected' : 'plain'
  if (IDENTIFIERS.has(name)) return 'identifier'
  return PROTECTED_FIELDS.has(name) ? 'protected' : 'plain'
}
