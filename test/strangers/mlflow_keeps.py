"""Keeps something of each kind on an MLflow server: a run with its data set, a registered version, a trace with what people said of it."""

import sys

import mlflow
from mlflow import MlflowClient
from mlflow.entities import AssessmentSource

mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment("credit")
client = MlflowClient()

with mlflow.start_run(run_name="credit") as run:
    mlflow.log_param("depth", 4)
    mlflow.log_metric("auc", 0.875)
    mlflow.set_tag("mlflow.source.git.commit", "abc123")

client.create_registered_model("credit")
version = client.create_model_version("credit", f"runs:/{run.info.run_id}/model", run_id=run.info.run_id)
client.set_registered_model_alias("credit", "champion", version.version)


@mlflow.trace(name="claims")
def ask(question):
    return "Yes."


ask("Covered?")
trace_id = mlflow.get_last_active_trace_id()
mlflow.flush_trace_async_logging()
mlflow.log_feedback(
    trace_id=trace_id,
    name="correct",
    value=True,
    rationale="as in the terms",
    source=AssessmentSource(source_type="HUMAN", source_id="rev-1"),
)
mlflow.log_expectation(
    trace_id=trace_id, name="expected", value="Yes.", source=AssessmentSource(source_type="HUMAN", source_id="rev-1")
)
print(run.info.run_id, trace_id)
