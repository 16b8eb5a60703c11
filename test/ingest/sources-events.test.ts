import { describe, expect, it } from 'vitest'
import { fixture, imported } from './imported.ts'

const DIGEST = expect.stringMatching(/^[0-9a-f]{64}$/) as string
const made = (kind: string, record: object): object => ({
  kind,
  record: { basis: 'asserted', ...(kind !== 'decision' && { originDigest: DIGEST }), ...record },
})

describe('events of OpenLineage', () => {
  it('are an edge of the lineage for each data set a completed run wrote, and what a run reports otherwise', async () => {
    const { source, records } = await imported(fixture('openlineage.jsonl'))
    expect(source).toBe('openlineage')
    const producer = 'https://example.com/etl'
    const schemaURL = 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent'
    const runId = '0194c000-0000-7000-8000-000000000001'
    const version = (datasetVersion: string): object => ({ _producer: 'p', _schemaURL: 's', datasetVersion })
    const complete = {
      at: '2026-02-01T02:10:00.000Z',
      atSource: '2026-02-01T02:10:00Z',
      completedAt: '2026-02-01T02:10:00Z',
      inputs: [{ datasetId: 'db/loans', version: '7' }],
      transformation: { job: 'features', runId },
      codeCommit: 'abc123',
      script: 'https://example.com/repo/features.sql',
    }
    const left = {
      eventType: 'COMPLETE',
      producer,
      schemaURL,
      run: { runId },
      job: {
        namespace: 'credit',
        name: 'features',
        facets: { sourceCodeLocation: { _producer: 'p', _schemaURL: 's', type: 'git' } },
      },
      inputs: [{ namespace: 'db', name: 'loans', facets: { version: version('7') } }],
    }
    expect(records).toEqual([
      made('system.log', {
        event: 'openlineage.START',
        at: '2026-02-01T02:00:00.000Z',
        atSource: '2026-02-01T02:00:00Z',
        metadata: {
          openlineage: {
            eventType: 'START',
            producer,
            schemaURL,
            run: { runId },
            job: { namespace: 'credit', name: 'features' },
            inputs: [],
            outputs: [],
          },
        },
      }),
      made('dataset.transformed', {
        ...complete,
        datasetId: 'lake/features',
        version: '31',
        metadata: {
          openlineage: {
            ...left,
            outputs: [
              {
                namespace: 'lake',
                name: 'features',
                facets: { version: version('31') },
                outputFacets: { outputStatistics: { rowCount: 100 } },
              },
            ],
          },
        },
      }),
      made('dataset.transformed', {
        ...complete,
        datasetId: 'lake/rejects',
        metadata: { openlineage: { ...left, outputs: [{ namespace: 'lake', name: 'rejects' }] } },
      }),
      made('dataset.registered', {
        datasetId: 'lake/features',
        version: '31',
        name: 'features',
        at: '2026-02-01T03:00:00.000Z',
        atSource: '2026-02-01T03:00:00Z',
        metadata: {
          openlineage: {
            producer,
            schemaURL: schemaURL.replace('RunEvent', 'DatasetEvent'),
            dataset: { namespace: 'lake', facets: { version: version('31') } },
          },
        },
      }),
    ])
  })
})

describe('CloudEvents', () => {
  it('are what their data is, of whatever source, with the envelope beside it', async () => {
    const { source, records } = await imported(fixture('cloudevents.jsonl'))
    expect(source).toBe('cloudevents')
    const envelope = (id: string, from: string, type: string, second: string): object => ({
      specversion: '1.0',
      id,
      source: from,
      type: `com.example.${type}`,
      time: `2026-02-01T10:00:0${second}Z`,
    })
    const at = (second: string): object => ({
      timestamp: `2026-02-01T10:00:0${second}.000Z`,
      timestampSource: `2026-02-01T10:00:0${second}Z`,
    })
    expect(records).toEqual([
      made('decision', {
        decisionId: '/scoring e-1',
        ...at('0'),
        modelId: 'credit',
        prediction: 'high',
        metadata: {
          case_number: '12345678901234567890',
          cloudevents: {
            ...envelope('e-1', '/scoring', 'decision', '0'),
            datacontenttype: 'application/json',
          },
        },
        coerced: ['/metadata/case_number'],
      }),
      made('decision', {
        decisionId: 'bedrock-b1f0-9',
        requestId: 'b1f0-9',
        provider: 'aws.bedrock',
        modelType: 'llm',
        modelId: 'amazon.nova',
        ...at('3'),
        input: { text: 'Hi' },
        prediction: { text: 'Hello' },
        metadata: {
          bedrock: { schemaType: 'ModelInvocationLog' },
          cloudevents: envelope('e-2', '/bedrock', 'log', '3'),
        },
      }),
      made('system.log', {
        event: 'com.example.blocked',
        details: { rule: 'pii' },
        at: '2026-02-01T10:00:04.000Z',
        atSource: '2026-02-01T10:00:04Z',
        metadata: { cloudevents: { specversion: '1.0', id: 'e-3', source: '/guard' } },
      }),
      { line: 4, code: 'bad_row' },
    ])
  })
})

describe('logs of somebody else', () => {
  const counter = (source: string, name: string, filter: object): object =>
    made('counter.declared', {
      name,
      source: 'provider',
      unit: 'calls',
      filter,
      description: `calls in ${source}`,
    })
  const reading = (name: string, hour: string, value: number): object =>
    made('counter.reading', { name, hour: `2026-02-01T${hour}:00:00.000Z`, value })

  it('of CloudTrail count what was answered by the hour, each call once, and nothing else', async () => {
    const { source, records } = await imported(fixture('cloudtrail.json'))
    expect(source).toBe('cloudtrail')
    const name = 'cloudtrail/111122223333/eu-central-1/amazon.nova-pro-v1:0'
    expect(records).toEqual([
      counter('cloudtrail', name, { modelId: 'amazon.nova-pro-v1:0' }),
      reading(name, '10', 2),
      reading(name, '11', 1),
    ])
    // Delivered again in another file, it is still the same.
    expect(await imported(fixture('cloudtrail.json'), fixture('cloudtrail.json'))).toMatchObject({ records })
  })

  it('of Azure Monitor count requests that were answered, by deployment', async () => {
    const { source, records } = await imported(fixture('azure-monitor.jsonl'))
    expect(source).toBe('azure-monitor')
    const name = 'azure-monitor/claims/claims-gpt'
    expect(records).toEqual([counter(source, name, { modelId: 'claims-gpt' }), reading(name, '10', 1)])
  })

  it('of Google count predictions that did not fail, by model or endpoint', async () => {
    const { source, records } = await imported(fixture('cloud-audit-logs.jsonl'))
    expect(source).toBe('cloud-audit-logs')
    const flash = 'cloud-audit-logs/p/europe-west4/gemini-2.5-flash'
    const endpoint = 'projects/p/locations/europe-west4/endpoints/77'
    expect(records).toEqual([
      counter(source, flash, { modelId: 'gemini-2.5-flash' }),
      reading(flash, '10', 1),
      counter(source, `cloud-audit-logs/p/europe-west4/${endpoint}`, { modelId: endpoint }),
      reading(`cloud-audit-logs/p/europe-west4/${endpoint}`, '10', 1),
    ])
  })
})
