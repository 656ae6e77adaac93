"""What CloudFormation would make of a template: its functions are evaluated, nothing is checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

NOTHING = object()


class Stack:
    """A template with *parameters*; *known* is ``{"Distribution": …, "Distribution.DomainName": …}``."""

    def __init__(
        self, text: str, known: Mapping[str, str], region: str = "us-east-1", **parameters: str
    ) -> None:
        self.template = yaml.load(text, _Loader)
        declared = self.template["Parameters"]
        self.parameters = {name: each["Default"] for name, each in declared.items() if "Default" in each}
        self.parameters |= parameters
        pseudo = {"AWS::Region": region, "AWS::Partition": "aws", "AWS::AccountId": known["account.id"]}
        self.known = {**known, **pseudo, **self.parameters}
        self.made: list[str] = []

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """Properties by logical id, of what is made."""
        found = {}
        for name, resource in self.template["Resources"].items():
            if "Condition" not in resource or self.holds(resource["Condition"]):
                found[name] = self.value(resource["Properties"])
        return found

    @property
    def outputs(self) -> dict[str, Any]:
        return {name: self.value(each["Value"]) for name, each in self.template["Outputs"].items()}

    @property
    def objections(self) -> list[str]:
        """Of the rules."""
        found = []
        for rule in self.template["Rules"].values():
            if self.value(rule.get("RuleCondition", True)):
                found += [
                    each["AssertDescription"] for each in rule["Assertions"] if not self.value(each["Assert"])
                ]
        return found

    def holds(self, condition: str) -> bool:
        return bool(self.value(self.template["Conditions"][condition]))

    def value(self, value: Any) -> Any:
        if isinstance(value, _Function):
            return self._function(value.name, value.argument)
        if isinstance(value, Mapping):
            found = {key: self.value(each) for key, each in value.items()}
            return {key: each for key, each in found.items() if each is not NOTHING}
        if isinstance(value, list):
            return [each for each in map(self.value, value) if each is not NOTHING]
        return value

    def _function(self, name: str, argument: Any) -> Any:
        if name in ("Ref", "GetAtt"):
            return NOTHING if argument == "AWS::NoValue" else self.known[argument]
        if name == "Sub":
            return re.sub(r"\$\{(!?)([^}]*)\}", self._substitute, argument)
        if name == "Condition":
            return self.holds(argument)
        if name == "If":
            condition, yes, no = argument
            return self.value(yes if self.holds(condition) else no)
        values = [self.value(each) for each in argument]
        return {
            "Equals": lambda: values[0] == values[1],
            "Not": lambda: not values[0],
            "And": lambda: all(values),
            "Or": lambda: any(values),
        }[name]()

    def _substitute(self, match: re.Match[str]) -> str:
        return f"${{{match[2]}}}" if match[1] else str(self.known[match[2]])


class _Function:
    def __init__(self, name: str, argument: Any) -> None:
        self.name, self.argument = name, argument


class _Loader(yaml.SafeLoader):
    pass


def _constructed(loader: _Loader, suffix: str, node: yaml.Node) -> _Function:
    if isinstance(node, yaml.ScalarNode):
        return _Function(suffix, loader.construct_scalar(node))
    assert isinstance(node, yaml.SequenceNode)
    return _Function(suffix, loader.construct_sequence(node, deep=True))


_Loader.add_multi_constructor("!", _constructed)
