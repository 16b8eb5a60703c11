import { describe, expect, it } from 'vitest'
import { fixture, imported } from './imported.ts'

/** What every decision that was imported says alike. */
const ASSERTED = { basis: 'asserted' }
const decision = (record: object): object => ({ kind: 'decision', record: { ...ASSERTED, ...record } })
const at = (timestamp: string, timestampSource?: string): object => ({
  timestamp,
  ...(timestampSource !== undefined && { timestampSource }),
})

describe('SageMaker Data Capture', () => {
  it('is a decision for each row of a call, whatever encodes it, and a bad line costs itself alone', async () => {
    const { source, reason, records } = await imported(fixture('sagemaker.jsonl'))
    expect([source, reason]).toEqual(['sagemaker', 'captureData beside eventMetadata'])
    expect(records).toEqual([
      { line: 1, code: 'missing_field' },
      { line: 1, code: 'missing_field' },
      { line: 2, code: 'missing_field' },
      { line: 3, code: 'bad_row' },
    ])
    const given = await imported.with(
      { modelId: 'credit', modelVersion: 'AllTraffic' },
      fixture('sagemaker.jsonl'),
    )
    const left = (input: string, output: string): object => ({
      captureData: {
        endpointInput: {
          observedContentType: input,
          mode: 'INPUT',
          encoding: input.endsWith('csv') ? 'CSV' : 'JSON',
        },
        endpointOutput: {
          observedContentType: output,
          mode: 'OUTPUT',
          encoding: input.endsWith('csv') ? 'CSV' : 'BASE64',
        },
      },
      eventVersion: '0',
    })
    const call = {
      modelId: 'credit',
      modelVersion: 'AllTraffic',
      ...at('2026-02-01T10:00:00.000Z', '2026-02-01T10:00:00Z'),
      metadata: {
        sagemaker: {
          ...left('text/csv', 'text/csv; charset=utf-8'),
          eventMetadata: { customAttributes: ['branch=12'] },
        },
      },
    }
    expect(given.records.slice(0, 3)).toEqual([
      decision({
        ...call,
        decisionId: 'sagemaker-6f1c2f0e-0001-0',
        inputFeatures: [41, 52_000.5, 'north'],
        prediction: 0.81,
      }),
      decision({
        ...call,
        decisionId: 'sagemaker-6f1c2f0e-0001-1',
        inputFeatures: [30, 31_000, 'south'],
        prediction: 0.12,
      }),
      decision({
        decisionId: 'sagemaker-6f1c2f0e-0002',
        modelId: 'credit',
        modelVersion: 'AllTraffic',
        requestId: 'loan-7',
        ...at('2026-02-01T10:00:01.000Z', '2026-02-01T10:00:01Z'),
        inputFeatures: { age: 41 },
        prediction: { label: 'high', score: 0.8 },
        metadata: { sagemaker: left('application/json', 'application/json') },
      }),
    ])
  })
})

describe('Bedrock invocation logs', () => {
  it('are decisions with the region that answered, messages where there are some, and where larger bodies lie', async () => {
    const { source, records } = await imported(fixture('bedrock.jsonl'))
    expect(source).toBe('bedrock')
    const call = {
      provider: 'aws.bedrock',
      modelType: 'llm',
      userId: 'arn:aws:iam::111122223333:role/claims',
    }
    const left = { schemaType: 'ModelInvocationLog', schemaVersion: '1.0', accountId: '111122223333' }
    const json = 'application/json'
    expect(records).toEqual([
      decision({
        ...call,
        decisionId: 'bedrock-b1f0-1',
        requestId: 'b1f0-1',
        ...at('2026-02-01T10:00:00.000Z', '2026-02-01T10:00:00Z'),
        modelId: 'eu.anthropic.claude-sonnet-4-20250514-v1:0',
        operation: 'Converse',
        region: 'eu-west-1',
        messages: [{ role: 'user', content: [{ text: 'Is the claim covered?' }] }],
        inference: { settings: { temperature: 0, maxTokens: 200 } },
        prediction: { role: 'assistant', content: [{ text: 'Yes.' }] },
        finishReason: 'end_turn',
        latencyMs: 840,
        tokenUsage: { input: 12, output: 3 },
        metadata: {
          bedrock: {
            ...left,
            region: 'eu-central-1',
            requestMetadata: { case: 'c-9' },
            input: { inputContentType: json },
            output: {
              outputContentType: json,
              outputBodyJson: { usage: { inputTokens: 12, outputTokens: 3, totalTokens: 15 } },
            },
          },
        },
      }),
      decision({
        ...call,
        decisionId: 'bedrock-b1f0-2',
        requestId: 'b1f0-2',
        ...at('2026-02-01T10:00:02.000Z', '2026-02-01T10:00:02Z'),
        modelId: 'amazon.titan-embed-text-v2:0',
        operation: 'InvokeModel',
        region: 'eu-central-1',
        input: 's3://logs/data/b1f0-2_input.json.gz',
        prediction: { embedding: [0.25, -0.5] },
        tokenUsage: { input: 40_000, output: 0 },
        metadata: {
          bedrock: { ...left, input: { inputContentType: json }, output: { outputContentType: json } },
        },
      }),
      decision({
        ...call,
        decisionId: 'bedrock-b1f0-3',
        requestId: 'b1f0-3',
        ...at('2026-02-01T10:00:03.000Z', '2026-02-01T10:00:03Z'),
        modelId: 'amazon.nova-pro-v1:0',
        operation: 'Converse',
        region: 'eu-central-1',
        messages: [{ role: 'user', content: [{ text: 'Hello' }] }],
        status: 'error',
        error: { type: 'ThrottlingException' },
        tokenUsage: { input: 1 },
        metadata: { bedrock: { ...left, input: { inputContentType: json } } },
      }),
    ])
  })
})

describe('the data collector of Azure ML', () => {
  const SOURCE =
    '/subscriptions/s/resourceGroups/r/providers/Microsoft.MachineLearningServices/workspaces/w/onlineEndpoints/credit/deployments/blue'
  const event = (side: string, id: string, correlationid: string, more: object = {}): object => ({
    specversion: '1.0',
    id,
    source: SOURCE,
    type: `azureml.inference.model_${side}`,
    datacontenttype: 'application/json',
    correlationid,
    ...more,
  })

  it.each([
    [['azureml-inputs.jsonl', 'azureml-outputs.jsonl']],
    [['azureml-outputs.jsonl', 'azureml-inputs.jsonl']],
  ])(
    'joins inputs with outputs in whichever order they come, and says which came alone: %s',
    async (files) => {
      const { source, records } = await imported(...files.map(fixture))
      expect(source).toBe('azureml')
      const call = {
        provider: 'azureml',
        modelId: 'credit',
        modelVersion: '3',
        requestId: 'x-1',
        ...at('2026-02-01T10:00:01.000Z', '2026-02-01T10:00:01Z'),
        metadata: {
          azureml: {
            input: event('inputs', 'in-1', 'c-1', {
              time: '2026-02-01T10:00:00Z',
              xrequestid: 'x-1',
              modelversion: '3',
              collectdatatype: 'pandas.core.frame.DataFrame',
              agent: 'azureml-ai-monitoring/1.0',
              contentrange: 'bytes 0-20/21',
            }),
            output: event('outputs', 'out-1', 'c-1'),
          },
        },
      }
      expect(records).toEqual([
        decision({ ...call, decisionId: 'azureml-c-1-0', inputFeatures: { age: 41 }, prediction: 'high' }),
        decision({ ...call, decisionId: 'azureml-c-1-1', inputFeatures: { age: 30 }, prediction: 'low' }),
        decision({
          decisionId: 'azureml-c-3',
          provider: 'azureml',
          modelId: 'credit',
          modelVersion: 'blue',
          ...at('2026-02-01T10:00:07.000Z', '2026-02-01T10:00:07Z'),
          prediction: { label: 'low', score: 0.25 },
          metadata: { azureml: { output: event('outputs', 'out-3', 'c-3') } },
        }),
        { line: 2, code: 'no_output' },
      ])
    },
  )
})

describe('inference tables of Databricks', () => {
  it('are a decision for each row of a call, or one for a chat or a failure', async () => {
    const { source, records } = await imported(fixture('databricks.jsonl'))
    expect(source).toBe('databricks')
    const left = {
      request_date: '2026-02-01',
      status_code: 200,
      sampling_fraction: 0.5,
      logging_error_codes: [],
    }
    const call = {
      provider: 'databricks',
      modelId: 'se-1',
      userId: 'scoring-app',
      requestId: 'loan-1',
      tags: ['sampled'],
      latencyMs: 21,
      ...at('2026-02-01T10:00:00.500Z'),
      metadata: { databricks: left },
    }
    expect(records).toEqual([
      decision({
        ...call,
        decisionId: 'databricks-d-1-0',
        inputFeatures: { age: 41, income: 52_000.5 },
        prediction: 'high',
      }),
      decision({
        ...call,
        decisionId: 'databricks-d-1-1',
        inputFeatures: { age: 30, income: 31_000 },
        prediction: 'low',
      }),
      decision({
        decisionId: 'databricks-d-2',
        provider: 'databricks',
        modelType: 'llm',
        modelId: 'se-2',
        userId: 'claims-app',
        latencyMs: 900,
        ...at('2026-02-01T10:00:01.500Z'),
        messages: [{ role: 'user', content: 'Is it covered?' }],
        inference: { settings: { max_tokens: 100 } },
        prediction: {
          id: 'r',
          choices: [{ index: 0, message: { role: 'assistant', content: 'Yes.' } }],
          usage: { prompt_tokens: 5, completion_tokens: 2 },
        },
        tokenUsage: { input: 5, output: 2 },
        metadata: { databricks: { ...left, sampling_fraction: 1 } },
      }),
      decision({
        decisionId: 'databricks-d-3',
        provider: 'databricks',
        modelId: 'se-1',
        userId: 'scoring-app',
        latencyMs: 1,
        ...at('2026-02-01T10:00:02.500Z'),
        input: { inputs: [[1]] },
        status: 'error',
        error: { type: 'HTTP 429' },
        metadata: {
          databricks: {
            ...left,
            status_code: 429,
            sampling_fraction: 1,
            logging_error_codes: ['MAX_RESPONSE_SIZE_EXCEEDED'],
          },
        },
      }),
    ])
  })
})

describe('request-response logs of Vertex AI', () => {
  it('are a decision for each instance, and one for a call of a generating model', async () => {
    const { source, records } = await imported(fixture('vertex.jsonl'))
    expect(source).toBe('vertex')
    const call = {
      provider: 'gcp.vertex_ai',
      modelId: 'projects/p/locations/europe-west4/endpoints/77',
      modelVersion: '5511',
      ...at('2026-02-01T10:00:00.250Z', '2026-02-01 10:00:00.250000Z'),
      metadata: { vertex: { logging_time: '2026-02-01 10:00:00.250000 UTC' } },
    }
    expect(records).toEqual([
      decision({
        ...call,
        decisionId: 'vertex-3141592653589793238-0',
        inputFeatures: { age: 41 },
        prediction: { label: 'high' },
      }),
      decision({
        ...call,
        decisionId: 'vertex-3141592653589793238-1',
        inputFeatures: { age: 30 },
        prediction: { label: 'low' },
      }),
      decision({
        decisionId: 'vertex-27182',
        provider: 'gcp.vertex_ai',
        modelType: 'llm',
        modelId: 'gemini-2.5-flash',
        modelVersion: 'gemini-2.5-flash-001',
        operation: 'generateContent',
        ...at('2026-02-01T10:00:01.000Z', '2026-02-01 10:00:01Z'),
        messages: [{ role: 'user', parts: [{ text: 'Hi' }] }],
        inference: { settings: { generationConfig: { temperature: 0 } } },
        prediction: {
          candidates: [{ content: { role: 'model', parts: [{ text: 'Hello' }] }, finishReason: 'STOP' }],
          usageMetadata: { promptTokenCount: 2, candidatesTokenCount: 1 },
        },
        tokenUsage: { input: 2, output: 1 },
        metadata: {
          vertex: {
            logging_time: '2026-02-01 10:00:01 UTC',
            endpoint: 'projects/p/locations/europe-west4/publishers/google/models/gemini-2.5-flash',
            metadata: { labels: { team: 'claims' } },
            request_payload: [],
            response_payload: [],
          },
        },
      }),
    ])
  })
})

describe('payloads of LiteLLM', () => {
  it('are decisions with their cost, times and settings, and failures say what failed', async () => {
    const { source, records } = await imported(fixture('litellm.jsonl'))
    expect(source).toBe('litellm')
    expect(records).toEqual([
      decision({
        decisionId: 'litellm-chatcmpl-1',
        traceId: 't-1',
        modelType: 'llm',
        modelId: 'azure/gpt-4o',
        requestedModel: 'claims',
        provider: 'azure',
        operation: 'acompletion',
        userId: 'clerk-1',
        ipAddress: '192.0.2.7',
        ...at('2026-02-01T10:00:01.500Z', '1769940001.5'),
        latencyMs: 1_250,
        timeToFirstTokenMs: 500,
        messages: [{ role: 'user', content: 'Covered?' }],
        inference: { settings: { temperature: 0.5 } },
        prediction: { role: 'assistant', content: 'Yes.' },
        finishReason: 'stop',
        tokenUsage: { input: 9, output: 2 },
        costUsd: 0.00012,
        tags: ['claims'],
        metadata: {
          litellm: {
            startTime: 1_769_940_000.25,
            completionStartTime: 1_769_940_000.75,
            stream: true,
            cache_hit: false,
            status: 'success',
            model_id: 'm-1',
            api_base: 'https://example.openai.azure.com',
            total_tokens: 11,
            metadata: { user_api_key_hash: '88dc' },
            response: { id: 'chatcmpl-1' },
          },
        },
      }),
      decision({
        decisionId: 'litellm-chatcmpl-2',
        modelType: 'llm',
        modelId: 'gpt-4o',
        provider: 'openai',
        operation: 'acompletion',
        ...at('2026-02-01T10:00:03.000Z', '1769940003'),
        latencyMs: 1_000,
        messages: [{ role: 'user', content: 'Covered?' }],
        status: 'error',
        error: { type: 'RateLimitError', message: 'rate limited' },
        costUsd: 0,
        metadata: {
          litellm: {
            startTime: 1_769_940_002,
            error_information: { error_code: '429', llm_provider: 'openai' },
          },
        },
      }),
    ])
  })
})

describe('a table ai_audit_logs', () => {
  it('is a decision for each row, named by its key, its hashes kept and not believed', async () => {
    const { source, records } = await imported(fixture('ai_audit_logs.jsonl'))
    expect(source).toBe('ai_audit_logs')
    expect(records).toEqual([
      decision({
        decisionId: 'ai_audit_logs-1',
        ...at('2026-03-01T09:00:00.250Z', '2026-03-01T09:00:00.25+00:00'),
        modelId: 'credit',
        modelVersion: '4',
        userId: 'clerk-1',
        input: { income: 52_000 },
        prediction: 'declined',
        confidence: 0.8125,
        humanOverride: true,
        latencyMs: 41,
        metadata: { ai_audit_logs: { record_hash: 'a1' } },
      }),
    ])
  })
})
