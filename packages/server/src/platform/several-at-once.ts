/**
 * Does `work` for each item, beginning in order, with at most `count` of them under way. Rejects with the first failure, after which
 * nothing more is begun, and only when all that was begun has ended.
 */
export async function severalAtOnce<T>(
  items: readonly T[],
  count: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = items.values()
  let failure: { error: unknown } | undefined
  const worker = async (): Promise<void> => {
    for (const item of waiting) {
      if (failure) return
      try {
        await work(item)
      } catch (error) {
        failure ??= { error }
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(count, items.length) }, worker))
  if (failure) throw failure.error
}
