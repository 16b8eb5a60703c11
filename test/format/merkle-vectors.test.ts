import { fromBase64, verifyConsistency, verifyInclusion } from '@deponent/format'
import { expect, test } from 'vitest'
import { foreignJsonFiles, foreignSuite, foreignText } from './foreign.ts'

interface InclusionProbe {
  leafIdx: number
  treeSize: number
  root: string
  leafHash: string
  proof: string[] | null
  wantErr: boolean
}

interface ConsistencyProbe {
  size1: number
  size2: number
  root1: string
  root2: string
  proof: string[] | null
  wantErr: boolean
}

function probes<T>(folder: string): { name: string; probe: T }[] {
  return foreignJsonFiles(folder).map((name) => ({
    name,
    probe: JSON.parse(foreignText(`${folder}/${name}`)) as T,
  }))
}

const hashes = (texts: string[] | null) => (texts ?? []).map(fromBase64)

foreignSuite('merkle', 'transparency-dev/merkle probes', () => {
  const inclusion = probes<InclusionProbe>('merkle/inclusion')
  const consistency = probes<ConsistencyProbe>('merkle/consistency')

  test.each(inclusion)('inclusion $name is judged as its authors do', ({ probe }) => {
    const { leafIdx, treeSize, root, leafHash, proof, wantErr } = probe
    const shown = verifyInclusion(fromBase64(leafHash), leafIdx, treeSize, hashes(proof), fromBase64(root))
    expect(shown).toBe(!wantErr)
  })

  test.each(consistency)('consistency $name is judged as its authors do', ({ probe }) => {
    const { size1, size2, root1, root2, proof, wantErr } = probe
    const shown = verifyConsistency(size1, size2, fromBase64(root1), fromBase64(root2), hashes(proof))
    expect(shown).toBe(!wantErr)
  })

  test('both kinds hold valid and invalid probes', () => {
    for (const judged of [inclusion, consistency].map((kind) => kind.map(({ probe }) => probe.wantErr))) {
      expect(new Set(judged)).toEqual(new Set([true, false]))
    }
    expect(inclusion.length + consistency.length).toBeGreaterThan(190)
  })
})
