/** The model of the example company, to replay its decisions with: its weights as files, and a program that scores by them. */
import { canonicalJson, fromUtf8, isObject, type JsonObject, readJson, utf8 } from '@deponent/format'
import { Command } from 'commander'
import { type ScorerModel, scorerModels } from '../demo/scorer-model.ts'
import { scoredAgain } from '../demo/scorer-output.ts'
import { realDisk } from '../platform/disk.ts'
import { print, standardInputLines } from '../platform/terminal.ts'
import type { ReplayRequest } from '../reproduction/protocol.ts'
import { CommandError, EXIT } from './exit.ts'
import { fileBytes } from './file.ts'

export const demoWeights = new Command('weights')
  .description(
    'write the weights of every version of the credit scorer, each as one file whose SHA-256 its decisions name',
  )
  .argument('<dir>', 'where to write them')
  .addHelpText('after', '\nExample:\n  deponent demo weights ./weights')
  .action(async (directory: string) => {
    await realDisk.makeDirectory(directory)
    for (const model of Object.values(scorerModels)) {
      const file = `${directory}/scorer-${model.version}.json`
      await realDisk.write(file, utf8(canonicalJson({ ...model })))
      print(file)
    }
  })

export const demoScore = new Command('score')
  .description('score applications by weights in files, as a program for `deponent reproduce --run`')
  .argument('<file...>', 'weights, as `deponent demo weights` writes them')
  .addHelpText(
    'after',
    '\nExample:\n  deponent reproduce ID --run "npx deponent demo score weights/scorer-4.2.1.json"',
  )
  .action(async (files: string[]) => {
    const weights = await weightsIn(files)
    for await (const line of standardInputLines()) print(canonicalJson(answerTo(line, weights)))
  })

async function weightsIn(files: readonly string[]): Promise<ReadonlyMap<string, ScorerModel>> {
  const known = new Map<string, ScorerModel>()
  for (const file of files) {
    const { value } = readJson(fromUtf8(await fileBytes(file)))
    if (!isObject(value) || typeof value['version'] !== 'string')
      throw new CommandError(EXIT.usage, `${file} holds no weights`)
    known.set(value['version'], value as unknown as ScorerModel)
  }
  return known
}

function answerTo(line: string, weights: ReadonlyMap<string, ScorerModel>): JsonObject {
  const { id, model, inputs } = JSON.parse(line) as ReplayRequest
  const version = model['modelVersion']
  const known = typeof version === 'string' ? weights.get(version) : undefined
  if (!known) return { id, error: 'no weights of this version' }
  return { id, output: scoredAgain(known, inputs['inputFeatures']) }
}
