/** What of the index a caller may ask about: the permit in the words of the projection. */
import { type FieldClass, fieldClassOf } from '../access/field-class.ts'
import type { Restriction } from '../projection/index.ts'
import type { Call } from './call.ts'
import { Problem } from './problem.ts'
import { purposeRequired } from './purpose.ts'

/** Actions that show numbers over groups, or anything that can be one. */
const GROUPS: ReadonlySet<string> = new Set(['aggregate', 'models', 'sql'])
/** Actions over many records, from which people whose processing is restricted are left out. */
const OVER_MANY: ReadonlySet<string> = new Set(['list', ...GROUPS])
/** Members of a question that name fields, each in a list between commas. */
const LISTS: ReadonlySet<string> = new Set(['by', 'metrics'])

/** What this question may touch. @throws Problem when it asks about a class of fields that its caller may not see */
export function restrictionOf(call: Call): Restriction {
  const { permit, purpose } = call
  const hasPurpose = purpose !== undefined
  const asked = classesOf(call.query)
  const boxes = permit.boxes(asked, hasPurpose)
  if (boxes.length === 0) {
    if (permit.boxes(asked, true).length > 0)
      throw purposeRequired('this question is answered for a stated purpose only (header Deponent-Purpose)')
    throw new Problem(403, 'field_forbidden', 'the question names a class of fields this key may not see', {
      classes: [...asked].filter((name) => permit.boxes([name], true).length === 0),
    })
  }
  const usable = permit.fieldsIn(boxes, hasPurpose)
  return restrict(call, boxes, usable)
}

/** The same for a question that may name any field there is: only what may be seen in all of its records is there to be named. */
export function freeRestrictionOf(call: Call): Restriction {
  const hasPurpose = call.purpose !== undefined
  return restrict(call, call.permit.boxes([], hasPurpose), call.permit.fieldsEverywhere(hasPurpose))
}

function restrict(
  call: Call,
  boxes: Restriction['boxes'] & object,
  usable: ReadonlySet<FieldClass>,
): Restriction {
  const { permit, caller, purpose } = call
  const isWhole = boxes.some(
    ({ systems, from, to }) => systems === undefined && from === undefined && to === undefined,
  )
  const smallCells = caller.smallCells(permit.action, purpose !== undefined)
  const except = leftOut(call, smallCells !== undefined)
  return {
    ...(!isWhole && { boxes }),
    ...(permit.subject !== undefined && { subjects: [permit.subject] }),
    ...(except.length > 0 && { except }),
    ...(GROUPS.has(permit.action) && smallCells !== undefined && { smallCells }),
    withholds: (name) => !usable.has(fieldClassOf(name)),
  }
}

/**
 * Handles of people whose processing is restricted (GDPR Art. 18): their records count where a purpose is stated, and only for those who
 * may see single decisions. To others the difference of two answers would show what one person adds to them.
 */
function leftOut({ permit, purpose, services }: Call, seesGroupsOnly: boolean): string[] {
  if (permit.subject !== undefined || !OVER_MANY.has(permit.action)) return []
  return purpose === undefined || seesGroupsOnly ? services.tenant.rights.restrictedHandles() : []
}

/** What an answer over many records says of those that are not in it because processing of them is restricted. */
export function withLeftOut<T extends object>(answer: T, { except }: Restriction): T & { leftOut?: object } {
  return except ? { ...answer, leftOut: { restrictedPeople: except.length } } : answer
}

/** Classes of the fields a question names. */
function classesOf(query: URLSearchParams): Set<FieldClass> {
  const classes = new Set<FieldClass>(['plain'])
  for (const [name, value] of query) {
    if (LISTS.has(name)) {
      for (const part of value.split(',')) classes.add(fieldClassOf(part.trim()))
    } else classes.add(fieldClassOf(name))
  }
  return classes
}
