/** Lists of JSON pointers as requests carry them. */
import { Problem } from './problem.ts'

const POINTER = /^(?:\/(?:[^~/]|~[01])*)+$/

/** The pointers of a list. @throws Problem */
export function pointersIn(list: readonly unknown[], field: string): string[] {
  const pointers = list.filter((pointer) => pointer !== '')
  if (!pointers.every((pointer) => typeof pointer === 'string' && POINTER.test(pointer)))
    throw new Problem(400, 'bad_value', 'expected JSON pointers such as /modelId, or all', { field })
  return pointers as string[]
}
