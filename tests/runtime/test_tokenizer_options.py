"""Files whose tokenizers have added tokens, a template or truncation from the left."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("ai_edge_litert", reason="files are written with ai-edge-litert")

import edgebert
from edgebert.checkpoints.sources import open_checkpoint
from edgebert.converter.convert_checkpoint import convert_checkpoint
from edgebert.converter.full_integer.integer_graph import INPUTS
from edgebert.converter.options import Options
from edgebert.converter.plan import plan
from edgebert.errors import EdgebertError
from edgebert.tokenizer.added_token import AddedToken
from edgebert.tokenizer.template import Template, TemplatePart
from tests.conftest import REFERENCE, RUNTIME, SOURCES

LENGTH = 16
TEXT = " ".join(f"How do I locate my card {word}?" for word in ("today", "now", "here"))


@pytest.fixture
def model_of(tmp_path):
    """Gives a model of a task whose checkpoint's tokenizer has other options."""
    opened = []

    def model(task, *, quantize="float32", inputs=None, **options):
        with open_checkpoint(str(REFERENCE / SOURCES[task])) as checkpoint:
            places = {name: checkpoint.vocabulary.index(name) for name in ("[CLS]", "[SEP]")}
            if "template" in options:
                options["template"] = template(places, *options["template"])
            changed = replace(
                checkpoint,
                tokenizer=replace(checkpoint.tokenizer, **options),
                tokenizer_files=None,  # they are of the tokenizer without these options
                task=task,
            )
            fixed = {"lengths": (LENGTH,), "inputs": inputs}
            conversion = plan(
                Options(
                    task=task,
                    quantize=quantize,
                    runtime=RUNTIME,
                    **({"max_length": LENGTH} if inputs is None else fixed),
                ),
                changed,
            )
            path = tmp_path / f"{len(opened)}.tflite"
            convert_checkpoint(changed, conversion, path)
        opened.append(edgebert.load(path))
        return opened[-1]

    yield model
    for each in opened:
        each.close()


def template(places, *halves):
    """From "[CLS]0 _1" and the like."""
    return Template(
        *(
            tuple(TemplatePart(places.get(part[:-1]), int(part[-1])) for part in half.split())
            for half in halves
        )
    )


ZERO = ("[CLS]0 _0 [SEP]0", "[CLS]0 _0 [SEP]0 _0 [SEP]0")
ODD = ("[SEP]0 [CLS]0 _1 [SEP]0", "[CLS]1 _0 [SEP]0 [SEP]1 _1")


def test_segments_and_places_of_a_template_reach_the_graph(model_of):
    model = model_of("classify", template=ODD)
    ids = model.tokenizer.ids("Where is my card?")
    cls, sep = model.tokenizer.join([5], [6]).ids[0:3:2]
    expected = model.run_ids([sep, cls, *ids, sep], [0, 0, *[1] * len(ids), 0])[0]
    assert np.allclose(list(model("Where is my card?").scores.values()), expected, atol=1e-6)
    assert not np.allclose(model.run_ids([sep, cls, *ids, sep])[0], expected, atol=1e-6)
    assert model.selftest().passed


def test_windows_of_a_template_are_tagged_as_one_text(model_of):
    model = model_of("tag", template=ODD)
    job = model.tokenize(TEXT, long="windows")
    assert all(len(each.ids) <= LENGTH and each.ids[2] in job.ids for each in job.inputs)
    ends = [span.end for span in model(TEXT, long="windows")]
    assert ends == sorted(ends)
    ids = model.tokenizer.ids("card")
    assert model.tokenize("card").inputs[0].segment_ids == [0, 0, *[1] * len(ids), 0]


@pytest.mark.parametrize("layout", [None, ZERO, ODD])
def test_answers_are_stretches_of_the_context_whatever_stands_around_it(model_of, layout):
    model = model_of("answer", **({} if layout is None else {"template": layout}))
    context = "Your card [SEP] is on its way, and it will be with you before Friday or Saturday."
    found = model.reply("Where is my card?", context, top=20).value
    assert found
    assert all(context[each.start : each.end] == each.text for each in found)
    question, text = map(model.tokenizer.ids, ("Where is my card?", context))
    job = model.tokenize("Where is my card?", context)
    for window, each in zip(job.windows, job.inputs, strict=True):
        assert each.ids[job.start :][: window.end - window.start] == text[slice(*window)]
    assert all(job.inputs[0].ids.count(token) for token in question[:2])


def test_a_text_may_lose_its_start(model_of):
    model = model_of("tag", truncation_side="left")
    with pytest.warns(edgebert.TruncationWarning, match="its start was cut off"):
        spans = model(TEXT)
    room = model.tokenizer.capacity()
    assert model.tokenize(TEXT).ids == model.tokenizer.ids(TEXT)[-room:]
    first = model.tokenizer.offsets(TEXT)[-room][0]
    assert all(span.start >= first for span in spans)


def test_an_added_token_is_a_word_of_its_own(model_of):
    model = model_of("tag", added_tokens=(AddedToken("##x", 5), AddedToken("<url>", 6)))
    ids = [6, *model.tokenizer.ids("a"), 5, 6]
    assert model.tokenizer.ids("<url>a##x<url>") == ids
    assert model._task._words.starts(ids).tolist() == [0, 1, 2, 3]
    assert model.tokenizer.spelling(5) == (model.tokenizer.piece(5), False)


def test_masks_beside_added_tokens_are_filled_in_their_places(model_of):
    model = model_of("fill-mask", added_tokens=(AddedToken("[MASK]s", 5),))
    text = "The [MASK]s of [MASK] are here."
    best = model(text, top=1)[0]
    assert best.text.startswith("The [MASK]s of ")
    assert best.text.endswith(" are here.")
    with pytest.raises(EdgebertError, match="no \\[MASK\\] in"):
        model("The [MASK]s")


def test_full_integer_files_know_segments_from_ids_or_are_refused(model_of):
    model = model_of("classify", quantize="int8-full", inputs=("ids",), template=ZERO)
    encoding = model.tokenizer.encode("a", "b")
    answer = model.run_ids(encoding.ids)
    assert np.array_equal(model.run_ids(encoding.ids, encoding.segment_ids), answer)
    with pytest.raises(EdgebertError, match="--inputs ids,mask,segment_ids"):
        model_of(
            "classify",
            quantize="int8-full",
            inputs=("ids",),
            template=(ZERO[0], "[CLS]0 _0 [SEP]1 _1"),
        )
    with pytest.raises(EdgebertError, match="does not begin each text with"):
        model_of("classify", quantize="int8-full", inputs=("ids",), template=ODD)
    model_of(
        "classify",
        quantize="int8-full",
        inputs=INPUTS,
        template=(ZERO[0], "[CLS]0 _0 [SEP]1 _1"),
    )
