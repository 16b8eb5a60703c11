/** Commands that ask a server one thing and show what it says. */
import type { HttpAnswer } from '../platform/http-client.ts'
import { print } from '../platform/terminal.ts'
import { connect, type Connection, type ConnectionOptions, jsonOf, mustBeDirectory } from './connection.ts'

export interface AskingOptions extends ConnectionOptions {
  json?: boolean
}

/** Asks and prints: the answer itself with `--json`, otherwise what `text` makes of it. */
export async function asked<T>(
  options: AskingOptions,
  ask: (connection: Connection) => Promise<HttpAnswer>,
  text: (answer: T) => string,
): Promise<void> {
  const answer = jsonOf(await speaking(options, ask)) as T
  print(options.json ? JSON.stringify(answer) : text(answer))
}

const PAGE = 1_000

/** The same of a list: all of its pages as one. `path` has no query. */
export async function askedAll<T extends { readonly items: readonly unknown[] }>(
  options: AskingOptions,
  path: string,
  text: (answer: T) => string,
): Promise<void> {
  const answer = await speaking(options, async (connection) => {
    const items: unknown[] = []
    for (let cursor = ''; ;) {
      const page = jsonOf(
        await connection.get(`${path}?limit=${PAGE}${cursor === '' ? '' : `&cursor=${cursor}`}`),
      ) as T & { next: string | null }
      items.push(...page.items)
      if (page.next === null) return { ...page, items }
      cursor = page.next
    }
  })
  print(options.json ? JSON.stringify(answer) : text(answer))
}

/** Does something with a connection, which is closed whatever comes of it. CommandError as `connect`. */
export async function speaking<T>(
  options: AskingOptions,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  if (options.url === undefined) await mustBeDirectory(options.data, options.ledger)
  const connection = await connect(options)
  try {
    return await work(connection)
  } finally {
    await connection.close()
  }
}
