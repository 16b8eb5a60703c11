import { expect, it } from 'vitest'
import { fixture, imported } from './imported.ts'

const DIGEST = expect.stringMatching(/^[0-9a-f]{64}$/) as string
const made = (kind: string, record: object): object => ({
  kind,
  record: { basis: 'asserted', ...(kind !== 'decision' && { originDigest: DIGEST }), ...record },
})
const at = (time: string, source: string): object => ({ at: `2026-02-01T${time}Z`, atSource: source })

it('runs of MLflow are trainings with their data sets, registrations and promotions are changes, traces are decisions', async () => {
  const { source, records } = await imported(fixture('mlflow.jsonl'))
  expect(source).toBe('mlflow')
  const [dataset, training, version, alias, trace, score, outcome, ...others] = records
  expect(others).toEqual([])
  expect(dataset).toEqual(
    made('dataset.registered', {
      datasetId: 'loans',
      version: 'd7',
      origin: { uri: 'loans.csv' },
      metadata: { mlflow: { source_type: 'local' } },
    }),
  )
  expect(training).toMatchObject(
    made('model.training_completed', {
      ...at('10:01:00.000', '1769940060000'),
      modelId: 'credit',
      modelVersion: 'r1',
      hyperparameters: { depth: '4' },
      evaluationResults: [{ metric: 'auc', value: 0.875 }],
      codeCommit: 'abc123',
      script: 'train.py',
      trainingDataRef: [{ datasetId: 'loans', version: 'd7' }],
      actor: 'ann',
    }),
  )
  expect(version).toEqual(
    made('change', {
      ...at('10:01:40.000', '1769940100000'),
      object: 'model version',
      objectId: 'credit/3',
      after: { name: 'credit', version: '3' },
      actor: 'ann',
      metadata: {
        mlflow: {
          name: 'credit',
          version: '3',
          last_updated_timestamp: 1_769_940_100_000,
          current_stage: 'None',
          source: 'file:///mlruns/1/r1/artifacts/model',
          run_id: 'r1',
          status: 'READY',
        },
      },
    }),
  )
  expect(alias).toEqual(
    made('change', {
      ...at('10:05:00.000', '2026-02-01T10:05:00Z'),
      object: 'model_version_alias.created',
      objectId: 'credit/3',
      after: { name: 'credit', alias: 'champion', version: '3' },
      metadata: { mlflow: { entity: 'model_version_alias', action: 'created' } },
    }),
  )
  expect(trace).toMatchObject(
    made('decision', {
      decisionId: 'mlflow-tr-1',
      traceId: 'tr-1',
      modelId: 'claims',
      userId: 'u-1',
      sessionId: 's-1',
      timestamp: '2026-02-01T10:06:00.250Z',
      input: { question: 'Covered?' },
      prediction: 'Yes.',
      latencyMs: 1_500,
      tags: ['preview'],
    }),
  )
  expect(score).toMatchObject(
    made('score', {
      decisionId: 'mlflow-tr-1',
      ...at('11:00:00.000', '2026-02-01T11:00:00Z'),
      name: 'correct',
      value: true,
      comment: 'as in the terms',
      scorerType: 'HUMAN',
      scorerId: 'rev-1',
    }),
  )
  expect(outcome).toMatchObject(
    made('outcome', {
      decisionId: 'mlflow-tr-1',
      ...at('11:00:01.000', '2026-02-01T11:00:01Z'),
      outcome: 'Yes.',
      source: 'rev-1',
    }),
  )
})
