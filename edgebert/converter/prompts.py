"""Which prompts a file carries: those of its checkpoint, and those that the user adds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgebert.bert.tasks import TaskName
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.errors import EdgebertError


@dataclass(frozen=True)
class Prompts:
    """Texts that are put before a text.

    Attributes:
        texts: by name.
        default: name of the one that is taken where none is asked for.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    default: str | None = None


NO_PROMPTS = Prompts()


def resolve_prompts(
    added: Mapping[str, str] | None, default: str | None, checkpoint: Checkpoint, task: TaskName
) -> Prompts:
    """The checkpoint's prompts with those that are added, which count where names are the same.

    Raises:
        EdgebertError: another task than embed, a prompt that is no text, an unknown default, or a
            pooling that leaves the tokens of a prompt out.
    """
    if task != "embed":
        if added or default is not None:
            raise EdgebertError(f"prompts are for the task embed, not for {task}")
        return NO_PROMPTS
    texts = {**checkpoint.prompts, **(added or {})}
    for name, text in texts.items():
        if not isinstance(text, str) or not isinstance(name, str) or not name:
            raise EdgebertError(f"prompt {name!r} is {text!r}; a name and its text are needed")
    if any(texts.values()) and not checkpoint.include_prompt:
        raise EdgebertError(
            f"{checkpoint.source}: its pooling has include_prompt false and leaves out the tokens "
            f"of a prompt, which no converted file does; prompts: {', '.join(texts)}"
        )
    chosen = checkpoint.default_prompt if default is None else default
    if chosen is not None and chosen not in texts:
        raise EdgebertError(
            f"default prompt {chosen!r} is unknown; prompts: {', '.join(texts) or 'none'}"
        )
    return Prompts(texts, chosen) if any(texts.values()) else NO_PROMPTS
