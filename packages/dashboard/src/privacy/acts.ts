/** What is done about people, after which what is shown of them is asked for anew. */
import { sendJson } from '../client.ts'
import { queryClient } from '../query-client.ts'

/** Does something about a person, and has what is shown of people asked for anew. */
export async function act<T>(path: string, body: object): Promise<T> {
  const done = await sendJson<T>('POST', path, body)
  await reloadPeople()
  return done
}

const ABOUT_PEOPLE: ReadonlySet<unknown> = new Set([
  'requests',
  'request',
  'person',
  'person-decisions',
  'erasures',
  'holds',
])

/** What is on the page is asked for again; the rest when it is next shown. */
export function reloadPeople(): Promise<void> {
  return queryClient.invalidateQueries({ predicate: isAboutPeople })
}

/** What is shown of people is asked for again when it is next shown, and not on the page that is about to be left. */
export function outdatePeople(): Promise<void> {
  return queryClient.invalidateQueries({ predicate: isAboutPeople, refetchType: 'none' })
}

function isAboutPeople({ queryKey }: { readonly queryKey: readonly unknown[] }): boolean {
  return ABOUT_PEOPLE.has(queryKey[1])
}
