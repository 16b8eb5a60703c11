import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Small files that take minutes: seeded stories of faults. */
const SLOW = /\/faults(?:-[a-z-]+)?\.test\.ts$/

/** Begins with the files that take longest, so that no core waits at the end for one that came last because it is short to read. */
export default class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isSlow = ({ moduleId }: TestSpecification): boolean => SLOW.test(moduleId)
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))]
  }
}
