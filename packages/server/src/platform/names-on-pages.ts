/** What is listed under each name, of pages in the order of names. What is listed under one may be on several pages. */
export async function* byName<T extends { readonly name: string }>(
  pages: AsyncIterable<readonly T[]>,
): AsyncGenerator<readonly T[]> {
  let open: T[] = []
  for await (const page of pages)
    for (const one of page) {
      if (open.length > 0 && open[0]!.name !== one.name) {
        yield open
        open = []
      }
      open.push(one)
    }
  if (open.length > 0) yield open
}
