"""The policy file: read here and nowhere else; every error names the file, the place in it, its value and what is allowed."""

from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import msgspec
from pydantic import ValidationError

from schemas.policy import Policy
from streams.policies.errors import explained
from streams.settings import Settings
from streams.user_errors import UserError

SHIPPED: Final = "schemas/policy.yaml"
"""How messages call the policy that we ship."""


class PolicyError(UserError):
    """A policy file is wrong; one line for each error."""


def load_policy(given: Settings | Path | None = None) -> Policy:
    """The policy of the settings, of a file, or (None, or settings without one) the one that we ship. Raises: PolicyError."""
    path = given.policy_file if isinstance(given, Settings) else given
    name = str(path) if path is not None else SHIPPED
    tree = _tree(name, _text(path))
    try:
        return Policy.model_validate(tree)
    except ValidationError as error:
        raise PolicyError("\n".join(f"{name}: {line}" for line in explained(error, tree))) from None


def _text(path: Path | None) -> str:
    if path is None:
        return files("schemas").joinpath("policy.yaml").read_text(encoding="utf-8")
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"{path}: cannot be read: {error}") from None


def _tree(name: str, text: str) -> dict[str, Any]:
    try:
        tree = msgspec.yaml.decode(text)
    except msgspec.DecodeError as error:
        raise PolicyError(f"{name}: is no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(tree, dict):
        raise PolicyError(f"{name}: is no mapping; begin with {SHIPPED} and change what should differ")
    return tree
