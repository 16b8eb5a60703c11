"""Tells one decision through the SDK that is named: opentelemetry or langfuse."""

import sys

OUTPUT = '[{"role":"assistant","parts":[{"type":"text","content":"no"}]}]'


def opentelemetry():
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": "python"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    tracer = provider.get_tracer("clerk")
    agent = {"gen_ai.operation.name": "invoke_agent", "audit.decision.id": "python-1"}
    chat = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.output.messages": OUTPUT}
    with tracer.start_as_current_span("invoke_agent clerk", attributes=agent):
        with tracer.start_as_current_span("chat m", attributes=chat):
            pass
    provider.shutdown()
    print("python-1")


def langfuse():
    from langfuse import Langfuse

    client = Langfuse()
    trace = client.trace(name="loan", user_id="u-1")
    generation = trace.generation(name="ask", model="m", input=[{"role": "user", "content": "May she?"}])
    generation.end(output="No.", usage={"input": 10, "output": 2})
    trace.score(name="ok", value=1.0)
    client.flush()
    print(trace.id)


{"opentelemetry": opentelemetry, "langfuse": langfuse}[sys.argv[1]]()
