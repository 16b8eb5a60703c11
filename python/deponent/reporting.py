"""What can be reported beside decisions. Each gives an id, by which its receipt is found."""
from typing import Any, Dict, List, Mapping, Optional


class Reporting:
    def _take(self, kind: str, given: Optional[Mapping[str, Any]], fields: Mapping[str, Any]) -> str:
        raise NotImplementedError

    def review(self, decision_id: str, **fields: Any) -> str:
        """What a person made of a decision: `verdict` (agree, override, reverse, disregard, not_use, escalate),
        `reviewer_id`, `human_decision`, `override_reason`, `comment`, …"""
        return self._about('review', decision_id, fields)

    def outcome(self, decision_id: str, outcome: Any, **fields: Any) -> str:
        """What turned out to be true: `observed_at`, `source`, …"""
        return self._about('outcome', decision_id, {'outcome': outcome, **fields})

    def explanation(self, decision_id: str, **fields: Any) -> str:
        """Why it came out as it did: `reasoning`, `top_features`, `factors`, `counterfactual`, `method`, …"""
        return self._about('explanation', decision_id, fields)

    def contest(self, decision_id: str, **fields: Any) -> str:
        """Somebody disputes it: `grounds`, `statement`, `affected_user_id`, …"""
        return self._about('contest', decision_id, fields)

    def comment(self, decision_id: str, text: str, **fields: Any) -> str:
        """A remark on it."""
        return self._about('comment', decision_id, {'text': text, **fields})

    def score(self, decision_id: str, name: str, value: Any, **fields: Any) -> str:
        """How good it was, said by a person, a program or another model."""
        return self._about('score', decision_id, {'name': name, 'value': value, **fields})

    def action(self, action: Any, **fields: Any) -> str:
        """Something done because of an AI output: `decision_id`, `target`, `result`, `tool_name`, …"""
        return self._take('action', {'action': action}, fields)

    def query(self, **fields: Any) -> str:
        """A prompt or question asked, apart from the decision it may lead to: `input` or `messages`, `model_id`, …"""
        return self._take('query', None, fields)

    def lifecycle(self, model_id: str, event_type: str, **fields: Any) -> str:
        """What happened to a model: `event_type` as in `training_completed`, `evaluation_completed`, `deployment_approved`,
        `deployed`, `rollback`, `retired`; `model_version`, `actor`, `approver`, `environment`, `training_data_ref`,
        `evaluation_results` (`metric`, `value`, `threshold`, `passed`), …"""
        return self._take('model.' + event_type, {'model_id': model_id, 'event_type': event_type}, fields)

    def system(self, system: str, **fields: Any) -> str:
        """What an AI system is: `owner`, `risk_tier`, `intended_purpose`, `legal_class`, …; the latest statement of each counts."""
        return self._take('system.declared', {'name': system, 'system': system}, fields)

    def dataset(self, dataset_id: str, **fields: Any) -> str:
        """A set of data there is: `version`, `digest`, `origin`, …"""
        return self._take('dataset.registered', {'dataset_id': dataset_id}, fields)

    def lineage(self, dataset_id: str, inputs: List[Any], **fields: Any) -> str:
        """What a set of data was made of, by ids or `{'dataset_id': …, 'version': …}`: `transformation`, `code_commit`, …"""
        return self._take('dataset.transformed', {'dataset_id': dataset_id, 'inputs': inputs}, fields)

    def _about(self, kind: str, decision_id: str, fields: Dict[str, Any]) -> str:
        return self._take(kind, {'decision_id': decision_id}, fields)
