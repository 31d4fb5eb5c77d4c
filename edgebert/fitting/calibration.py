"""The chosen file calibrated on dev: scores that are chances, and a rule of when to abstain."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from edgebert.dataset.samples import Kind
from edgebert.errors import CheckFailedError
from edgebert.files import sha256_of
from edgebert.fitting.command import as_line, run_command
from edgebert.fitting.journal import Journal
from edgebert.fitting.request import FitRequest, usual_max_wrong
from edgebert.fitting.search import Measured
from edgebert.fitting.training import TrainingCommands


def calibrated(
    request: FitRequest,
    training: TrainingCommands,
    chosen: Measured,
    largest: Measured,
    journal: Journal,
) -> Path:
    """The file with scores that are chances and a rule of when to abstain, where it can have them.

    A classifier whose wrong answers no rule keeps rare enough answers everything; where there are
    too few rows to calibrate on, the file comes as it is.
    """
    if training.data.kind != Kind("classify"):
        return chosen.file
    is_teacher = chosen.size.name == largest.size.name
    folder = training.teacher_folder if is_teacher else str(training.student_folder(chosen.size))
    data = training.data
    digests = {"file": sha256_of(chosen.file), "dev": sha256_of(data.path("dev"))}
    if request.teachable:
        digests["train"] = sha256_of(data.path("train"))
    outside = data.outside_path("dev")
    if outside is not None:
        digests["out_of_scope"] = sha256_of(outside)
    faults: list[str] = []
    bound = request.max_wrong or usual_max_wrong(chosen.value, chosen.rows)
    for max_wrong in (bound, None):
        file = training.calibrated_file(chosen.size, max_wrong)
        file.parent.mkdir(parents=True, exist_ok=True)
        command = training.calibrate_command(folder, chosen.size, outside, max_wrong)
        name = "scores are chances" if max_wrong is None else "calibrated"
        title = f"scores become chances: {as_line(command)}"
        made_of = {"command": command, **digests}
        step = partial(journal.step, name, title, made_of, [], partial(_fault_of, command, journal))
        fault = step()
        if not fault and not file.exists():  # deleted since
            journal.forget(name)
            fault = step()
        if not fault:
            if faults:
                journal.notify(f"without a rule of when to abstain: {faults[0]}")
            return file
        journal.commands.remove(command)
        faults.append(fault)
    if request.teachable:
        raise CheckFailedError(f"no label could be taught to {chosen.file}: {faults[-1]}")
    journal.notify(f"scores as they come, and no rule of when to abstain: {faults[-1]}")
    return chosen.file


def _fault_of(command: list[str], journal: Journal) -> str:
    """Why a check failed; empty where it did not."""
    try:
        run_command(command, lock=journal.lock)
    except CheckFailedError as error:
        return str(error)
    return ""
