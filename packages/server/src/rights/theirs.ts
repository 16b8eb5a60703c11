/** Whether an entry is one of a person's: what is done about a person touches nobody else. */
import type { RecordReader } from '../recording/reader.ts'
import { concernedBy } from './concerned.ts'
import type { PersonEntries } from './person-entries.ts'
import { RightsRefused } from './refusal.ts'
import type { RightsRegister } from './rights-register.ts'

export interface KnownOf {
  people: Pick<PersonEntries, 'handleOf'>
  reader: Pick<RecordReader, 'one'>
  register: Pick<RightsRegister, 'view'>
}

/**
 * The entry at `index`, which `field` names, is about the person under any of their ids, or about something that is.
 *
 * @throws RightsRefused `not_found`
 */
export async function mustBeTheirs(
  { people, reader, register }: KnownOf,
  subject: string,
  index: number | undefined,
  field: string,
): Promise<void> {
  const own = register.view().persons.sameAs(people.handleOf(subject))
  if (index !== undefined)
    for await (const { subjects } of concernedBy(await reader.one(index), reader))
      if (subjects.some((handle) => own.includes(handle))) return
  throw new RightsRefused('not_found', 'the person has no decision of this id', field)
}
