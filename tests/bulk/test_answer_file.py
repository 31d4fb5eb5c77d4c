"""A file of texts to a file of answers: what is in it, and that nothing breaks it."""

import csv
import io
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import edgebert
from edgebert.bulk import resumable as resumable_module
from edgebert.bulk.answer_file import answer_file
from edgebert.bulk.resumable import progress_path
from edgebert.bulk.shard import Shard

BANKING77 = Path(__file__).parents[1] / "data" / "banking77" / "test.csv"

# As the command line does it, but with progress made safe so often that a kill falls anywhere.
WORKER = """
import json, sys, edgebert
from pathlib import Path
from edgebert.bulk.answer_file import answer_file
model, source, output, workers = sys.argv[1:]
print("ready", flush=True)
with edgebert.load(model) as opened:
    answer_file(
        opened, Path(source), Path(output),
        lambda text, reply: json.dumps([text.text, text.pair, reply.value.tolist()]),
        workers=int(workers), save_every=0.02,
    )
"""


DELAYS = (0.011, 0, 0.003, 0.025, 0.007, 0.017)
"""Seconds from the first safe line of an attempt to its end."""


def to_line(text, reply):
    return json.dumps([text.text, text.pair, reply.value.tolist()])


def questions(count):
    with BANKING77.open(encoding="utf-8") as file:
        return [row["text"] for row in itertools.islice(csv.DictReader(file), count)]


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "in.jsonl"
    rows = [json.dumps({"text": text}) for text in questions(600)]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def output(tmp_path):
    return tmp_path / "out.jsonl"


@pytest.fixture
def model(embedder):
    with edgebert.load(embedder) as opened:
        yield opened


@pytest.fixture
def whole(model, source, tmp_path):
    """What an uninterrupted run writes."""
    path = tmp_path / "whole.jsonl"
    answer_file(model, source, path, to_line, workers=1)
    return path.read_bytes()


def test_each_text_has_its_line(model, source, output):
    done = answer_file(model, source, output, to_line)
    lines = [json.loads(line) for line in output.read_text().splitlines()]
    assert [text for text, _, _ in lines] == questions(600)
    assert done.lines == 600
    assert done.bytes == output.stat().st_size
    replies = [model.reply(text) for text in questions(600)]
    assert [vector for _, _, vector in lines] == [reply.value.tolist() for reply in replies]
    assert done.truncated == sum(reply.truncated for reply in replies) > 0


@pytest.mark.parametrize("workers", [2, 3])
def test_any_number_of_workers_writes_the_same(model, source, output, whole, workers):
    answer_file(model, source, output, to_line, workers=workers)
    assert output.read_bytes() == whole


def test_killed_anywhere_any_number_of_times_it_writes_the_same(
    embedder, source, output, whole, tmp_path
):
    """kill -9 in the middle, again and again, each time with another number of workers."""
    command = [sys.executable, "-c", WORKER, str(embedder), str(source), str(output)]
    stages = []
    complaints = tmp_path / "stderr"
    for attempt in range(40):
        with complaints.open("ab") as stderr:
            process = subprocess.Popen(
                [*command, str(1 + attempt % 3)], stdout=subprocess.PIPE, stderr=stderr
            )
        process.stdout.readline()
        if attempt < len(DELAYS):
            began = time.monotonic()
            # Once in its stride, so that the kill falls into the writing and not before it.
            while process.poll() is None and moved(output, stages) and time.monotonic() < began + 9:
                time.sleep(0.002)
            time.sleep(DELAYS[attempt])
            process.send_signal(signal.SIGKILL)
        process.stdout.close()
        if process.wait() == 0 or (output.exists() and not progress_path(output).exists()):
            break  # the second: killed behind its last word
        stages.append(safe_lines(output))
    assert output.read_bytes() == whole, (stages, complaints.read_text()[-2000:])
    assert not progress_path(output).exists()
    assert any(0 < lines < 600 for lines in stages), stages


def safe_lines(output):
    try:
        return json.loads(progress_path(output).read_text())["lines"]
    except FileNotFoundError:
        return 0


def moved(output, stages):
    """Whether it still stands where the last attempt left it."""
    return safe_lines(output) <= (stages[-1] if stages else 0)


def broken_off(model, source, output, after, **options):
    def line(text, reply):
        nonlocal after
        after -= 1
        if after < 0:
            raise KeyboardInterrupt
        return to_line(text, reply)

    with pytest.raises(KeyboardInterrupt):
        answer_file(model, source, output, line, **options)


@pytest.mark.parametrize("after", [0, 1, 255, 256, 599])
def test_broken_off_it_goes_on(model, source, output, whole, after):
    broken_off(model, source, output, after)
    assert safe_lines(output) == after
    with output.open("ab") as file:
        file.write(b'["half a li')
    answer_file(model, source, output, to_line)
    assert output.read_bytes() == whole


def append_a_line(source):
    with source.open("a") as file:
        file.write('{"text": "more"}\n')


def change_a_letter_and_hide_it(source):
    times = source.stat()
    source.write_bytes(source.read_bytes().replace(b"card", b"cart", 1))
    os.utime(source, ns=(times.st_atime_ns, times.st_mtime_ns))


def touch(source):
    os.utime(source, (1, 1))


@pytest.mark.parametrize("change", [append_a_line, change_a_letter_and_hide_it, touch])
def test_a_changed_input_is_refused(model, source, output, change):
    broken_off(model, source, output, 100)
    before = output.read_bytes()
    change(source)
    with pytest.raises(edgebert.EdgebertError, match="the input is not what it was"):
        answer_file(model, source, output, to_line)
    assert output.read_bytes() == before
    answer_file(model, source, output, to_line, force=True)
    assert output.read_bytes().startswith(before[:1])


def test_another_model_or_option_is_refused(model, converted, source, output):
    broken_off(model, source, output, 100)
    other = converted("embed", quantize="float32")
    changed = pytest.raises(edgebert.EdgebertError, match="the model is not what it was")
    with edgebert.load(other) as model_now, changed:
        answer_file(model_now, source, output, to_line)
    for change in ({"pair": "x"}, {"options": {"long": "mean"}}):
        with pytest.raises(edgebert.EdgebertError, match="the pair or an option is not"):
            answer_file(model, source, output, to_line, **change)


def test_a_line_that_cannot_be_read_is_told_before_anything_is_written(model, source, output):
    append_a_line(source)
    with source.open("a") as file:
        file.write("{no JSON\n")
    with pytest.raises(edgebert.EdgebertError, match=r"in.jsonl, line 602: not JSON"):
        answer_file(model, source, output, to_line)
    assert [path.name for path in output.parent.iterdir()] == ["in.jsonl"]


def test_a_text_that_cannot_be_answered_is_named(converted, tmp_path, output):
    source = tmp_path / "in.txt"
    source.write_text("a [MASK]\nno mask\na [MASK]\n")
    named = pytest.raises(edgebert.EdgebertError, match=r"in.txt, line 2: .*\[MASK\]")
    with edgebert.load(converted("fill-mask")) as model, named:
        answer_file(model, source, output, lambda text, reply: text.text)
    assert output.read_text() == "a [MASK]\n"


def test_a_pair_for_all_that_have_none(classifier, tmp_path, output):
    source = tmp_path / "in.jsonl"
    source.write_text('{"text": "a"}\n{"text": "a", "pair": "b"}\n')

    def line(text, reply):
        return json.dumps([text.pair, reply.value.scores])

    with edgebert.load(classifier) as model:
        answer_file(model, source, output, line, pair="c")
        expected = [["c", model("a", "c").scores], ["b", model("a", "b").scores]]
    assert [json.loads(line) for line in output.read_text().splitlines()] == expected


def test_a_full_disk_in_the_middle_and_then_room(model, source, output, whole, monkeypatch):
    def no_room(*_):
        raise OSError(28, "No space left on device")

    class Full:
        lines = 0

        def __getattr__(self, name):
            Full.lines += 1
            return no_room if Full.lines == 20 else getattr(os, name)

    with monkeypatch.context() as patch:
        patch.setattr(resumable_module, "os", Full())
        with pytest.raises(edgebert.EdgebertError, match="No space left"):
            answer_file(model, source, output, to_line, save_every=0)
    assert 0 < safe_lines(output) < 600
    answer_file(model, source, output, to_line)
    assert output.read_bytes() == whole


@pytest.mark.parametrize("count", [1, 3, 7, 601])
def test_the_parts_of_a_file_one_after_the_other_are_the_whole(
    model, source, tmp_path, whole, count
):
    parts = [tmp_path / f"part-{number}" for number in range(1, count + 1)]
    written = []
    for number, part in enumerate(parts, 1):
        position = answer_file(model, source, part, to_line, shard=Shard(number, count))
        written.append(position.lines)
    assert b"".join(part.read_bytes() for part in parts) == whole
    assert max(written) - min(written) <= 1


def test_a_part_that_was_broken_off_goes_on(model, source, output, whole):
    part = Shard(2, 3)
    broken_off(model, source, output, 77, shard=part)
    with pytest.raises(edgebert.EdgebertError, match="the pair or an option is not what it was"):
        answer_file(model, source, output, to_line, shard=Shard(3, 3))
    answer_file(model, source, output, to_line, shard=part)
    assert output.read_bytes().splitlines() == whole.splitlines()[200:400]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0/4", "shard 0/4: give 1/4 to 4/4"),
        ("5/4", "shard 5/4: give 1/4 to 4/4"),
        ("3", "shard '3': a part of all is needed, such as 3/16"),
        ("1/0", "shard '1/0': a part of all"),
        ("-1/4", "shard '-1/4': a part of all"),
    ],
)
def test_a_part_that_is_none_is_one_line(text, said):
    with pytest.raises(edgebert.EdgebertError, match=said):
        Shard.parse(text)


def test_a_stream_has_no_parts(model, output):
    with pytest.raises(edgebert.EdgebertError, match="this is a stream, of unknown length"):
        answer_file(model, Path("-"), output, to_line, stream=io.BytesIO(b"a\n"), shard=Shard(1, 2))


def test_the_input_is_never_the_output(model, source):
    before = source.read_bytes()
    with pytest.raises(edgebert.EdgebertError, match="is the input"):
        answer_file(model, source, source, to_line, force=True)
    assert source.read_bytes() == before


def test_progress_is_told_in_bytes_of_the_input(model, source, output):
    reports = []
    answer_file(model, source, output, to_line, progress=lambda *step: reports.append(step))
    assert reports
    assert {(total, name) for _, total, name in reports} == {(source.stat().st_size, "in.jsonl")}
    assert [done for done, _, _ in reports] == sorted(done for done, _, _ in reports)
    assert reports[-1][0] <= source.stat().st_size


def test_an_empty_file_gives_an_empty_file(model, tmp_path, output):
    (tmp_path / "in.txt").touch()
    assert answer_file(model, tmp_path / "in.txt", output, to_line).lines == 0
    assert output.read_bytes() == b""
