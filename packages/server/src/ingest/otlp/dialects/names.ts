/** Attributes that say the same thing, in the order in which they are believed. */

/** The model a span is about, asked for or answering. */
export const MODEL = [
  'langfuse.observation.model.name',
  'gen_ai.response.model',
  'ai.response.model',
  'ai.model.id',
  'gen_ai.request.model',
  'llm.response.model_name',
  'llm.response.model',
  'llm.model_name',
  'embedding.model_name',
  'model',
  'model_name',
]
/** Only those that say which of the two it is: where they differ, another model answered than was asked. */
export const SERVED_MODEL = [
  'gen_ai.response.model',
  'ai.response.model',
  'llm.response.model_name',
  'llm.response.model',
]
export const REQUESTED_MODEL = ['gen_ai.request.model', 'llm.request.model_name']
export const PROVIDER = [
  'gen_ai.provider.name',
  'gen_ai.system',
  'llm.provider',
  'llm.system',
  'ai.model.provider',
]
export const PROMPT_NAME = [
  'gen_ai.prompt.name',
  'langfuse.observation.prompt.name',
  'prompt.id',
  'prompt.url',
]
export const PROMPT_VERSION = [
  'gen_ai.prompt.version',
  'langfuse.observation.prompt.version',
  'llm.prompt_template.version',
]

/** Who used the AI; never taken for whom it decided about. */
export const USER = [
  'langfuse.user.id',
  'user.id',
  'enduser.id',
  'ai.telemetry.metadata.userId',
  'traceloop.association.properties.user_id',
  'mlflow.trace.user',
]
export const SESSION = [
  'langfuse.session.id',
  'session.id',
  'gen_ai.conversation.id',
  'ai.telemetry.metadata.sessionId',
  'traceloop.association.properties.session_id',
  'mlflow.trace.session',
]

export const AGENT_ID = ['gen_ai.agent.id', 'graph.node.id']
export const AGENT_NAME = [
  'gen_ai.agent.name',
  'agent.name',
  'agent_name',
  'graph.node.name',
  'traceloop.workflow.name',
  'gen_ai.workflow.name',
  'traceloop.entity.path',
]
export const AGENT_VERSION = ['gen_ai.agent.version']

export const TOOL_NAME = ['gen_ai.tool.name', 'tool.name', 'ai.toolCall.name', 'lk.function_tool.name']
export const TOOL_CALL_ID = ['gen_ai.tool.call.id', 'tool.id', 'ai.toolCall.id', 'lk.function_tool.id']
export const TOOL_ARGUMENTS = [
  'gen_ai.tool.call.arguments',
  'tool.parameters',
  'ai.toolCall.args',
  'tool_arguments',
  'gcp.vertex.agent.tool_call_args',
  'lk.function_tool.arguments',
  'input.value',
  'traceloop.entity.input',
  'mlflow.spanInputs',
  'genkit:input',
]
export const TOOL_RESULT = [
  'gen_ai.tool.call.result',
  'ai.toolCall.result',
  'tool_response',
  'gcp.vertex.agent.tool_response',
  'lk.function_tool.output',
  'output.value',
  'traceloop.entity.output',
  'mlflow.spanOutputs',
  'genkit:output',
]

/** By what a name begins with: which dialects a span speaks. */
export const DIALECTS: readonly (readonly [string, RegExp])[] = [
  ['gen_ai', /^gen_ai\./],
  [
    'openinference',
    /^(openinference\.|llm\.(input_messages|output_messages|token_count|model_name|invocation_parameters)|(input|output)\.value$)/,
  ],
  ['openllmetry', /^(traceloop\.|llm\.(request|response|usage)\.|gen_ai\.(prompt|completion)\.\d)/],
  ['langfuse', /^langfuse\./],
  ['vercel-ai', /^ai\.(operationId|prompt|response|model|usage|telemetry|toolCall|settings|result)/],
  ['mlflow', /^mlflow\./],
  ['genkit', /^genkit[:.]/],
  ['pydantic-ai', /^(pydantic_ai\.|all_messages_events$|final_result$)/],
  ['google-adk', /^gcp\.vertex\.agent\./],
  ['livekit', /^lk\./],
  ['audit', /^audit\./],
]
