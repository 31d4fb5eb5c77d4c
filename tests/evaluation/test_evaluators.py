"""Each evaluator on a model whose answers are known, and on small converted files."""

import json
import time
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest

import edgebert
from edgebert.errors import EdgebertError
from edgebert.evaluation.data import open_data
from edgebert.evaluation.evaluate import evaluate
from edgebert.evaluation.evaluators.fill_mask import FILL_MASK
from edgebert.evaluation.evaluators.tag import TAG
from edgebert.runtime.tasks.answer import Answer
from edgebert.runtime.tasks.tag import Span


class FakeModel:
    """Replies by a function; remembers the options of the last call."""

    prompts: ClassVar[dict[str, str]] = {}
    abstention = threshold = None

    def __init__(self, task, respond, labels=None):
        self.task, self.respond, self.labels = task, respond, labels

    def reply(self, text, pair=None, **options):
        self.options = options
        return SimpleNamespace(value=self.respond(text, pair), truncated=False)


def written(tmp_path, name, content):
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


# tag


def span(label, text, part):
    start = text.index(part)
    return Span(label, 0.9, start, start + len(part), part)


def tagger(**parts_by_label):
    def respond(text, pair):
        found = [span(label, text, part) for label, part in parts_by_label.items() if part in text]
        return sorted(found, key=lambda each: each.start)

    return FakeModel("tag", respond, ("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "L-ORG"))


CONLL = "John B-PER\nSmith I-PER\nlikes O\nU.S. B-LOC\ntea O\n\nJohn B-PER\nSmith I-PER\n"


def test_a_tagger_is_evaluated_by_whole_entities(tmp_path):
    data = open_data(written(tmp_path, "d.conll", CONLL), "tag")
    outcome = evaluate(tagger(PER="John Smith", LOC="U.S. tea"), data)
    assert outcome.rows == 2
    assert outcome.metrics == {"f1": pytest.approx(2 / 3), "precision": 2 / 3, "recall": 2 / 3}


def test_a_word_belongs_to_the_span_that_covers_its_first_character(tmp_path):
    data = open_data(written(tmp_path, "d.conll", CONLL), "tag")
    assert evaluate(tagger(PER="John Sm", LOC="U"), data).metrics["f1"] == 1
    # "mith" begins inside a word: it is no entity at all.
    outcome = evaluate(tagger(PER="mith", LOC="U.S."), data)
    assert outcome.metrics["precision"] == 1
    assert outcome.metrics["recall"] == pytest.approx(1 / 3)


def test_a_label_that_the_tagger_has_not_is_an_error(tmp_path):
    data = open_data(written(tmp_path, "d.conll", "x O\n\nAcme I-MISC\n"), "tag")
    with pytest.raises(
        EdgebertError, match="line 3: the model has no label 'MISC'; it knows 'LOC'"
    ):
        evaluate(tagger(), data)


def test_two_taggers_differ_by_the_entities_that_one_has(tmp_path):
    path = written(tmp_path, "d.conll", CONLL)
    one, other = (
        next(iter(TAG.observe(model, TAG.read(path, None))))
        for model in (tagger(PER="John Smith"), tagger(PER="John", LOC="U.S."))
    )
    assert TAG.distance(one.value, other.value) == 3
    assert (one.expected, other.predicted) == ("PER: John Smith; LOC: U.S.", "PER: John; LOC: U.S.")


# answer


def squad(*questions):
    return {"data": [{"paragraphs": [{"context": "It gave up 308 points.", "qas": questions}]}]}


def question(text, *answers):
    given = [{"text": answer, "answer_start": 0} for answer in answers]
    return {"question": text, "answers": given, "is_impossible": not answers}


def answerer(answers):
    def respond(text, context):
        assert context == "It gave up 308 points."
        return Answer(answers[text], 0, 0, 0.9) if answers[text] else None

    return FakeModel("answer", respond)


def test_an_answerer_is_evaluated_by_the_best_of_the_answers(tmp_path):
    path = written(
        tmp_path, "d.json", squad(question("a", "308", "308 points"), question("b", "x"))
    )
    model = answerer({"a": "up 308 points", "b": "y"})
    outcome = evaluate(model, open_data(path, "answer"))
    assert outcome.metrics == {"f1": pytest.approx(0.8 / 2), "exact_match": 0}
    assert model.options == {}


def test_it_may_say_that_there_is_no_answer_where_some_question_has_none(tmp_path):
    path = written(
        tmp_path, "d.json", squad(question("a"), question("b"), question("c", "The 308"))
    )
    model = answerer({"a": None, "b": "x", "c": "308"})
    outcome = evaluate(model, open_data(path, "answer"))
    assert outcome.metrics == {"f1": pytest.approx(2 / 3), "exact_match": pytest.approx(2 / 3)}
    assert model.options == {"null_threshold": 0.0}


def test_a_converted_answerer(converted, tmp_path):
    path = written(tmp_path, "d.json", squad(question("What?", "308"), question("Who?")))
    with edgebert.load(converted("answer")) as model:
        outcome = evaluate(model, open_data(path, "answer"))
    assert outcome.rows == 2


# embed, on queries


VECTORS = {
    "q1": (1, 0), "q2": (0, 2), "p1": (2, 0), "p2": (-1, 1), "p3": (1, 1), "p4": (0.2, 1),
}  # fmt: skip


def test_an_embedder_is_evaluated_by_ranks(tmp_path):
    content = "query\tpositive\nq1\tp1\nq2\tp2\nq2\tp3\nq1\tp1\nq1\tp4\n"
    model = FakeModel("embed", lambda text, pair: np.array(VECTORS[text], np.float32))
    outcome = evaluate(model, open_data(written(tmp_path, "d.tsv", content), "embed"))
    # q1: p1 is first and p4 third. q2: p4 comes before p2 and p3, which tie for the second place.
    assert outcome.rows == 2
    assert outcome.metrics == {
        "mrr@10": pytest.approx((1 + 1 / 3) / 2),
        "recall@1": pytest.approx(0.5 / 2),
        "recall@5": 1,
        "recall@10": 1,
    }


def test_queries_and_their_answers_have_the_prompts_of_a_file(tmp_path):
    asked = {}

    class Prompted(FakeModel):
        prompts: ClassVar[dict[str, str]] = {"query": "q: ", "document": "", "passage": "p: "}

        def reply(self, text, pair=None, **options):
            asked[text] = options
            return super().reply(text, pair, **options)

    model = Prompted("embed", lambda text, pair: np.array(VECTORS[text], np.float32))
    content = "query\tpositive\nq1\tp1\nq2\tp2\n"
    evaluate(model, open_data(written(tmp_path, "d.tsv", content), "embed"))
    assert asked == {
        **{key: {"prompt": "query"} for key in ("q1", "q2")},
        **{key: {"prompt": "passage"} for key in ("p1", "p2")},
    }


# fill-mask


@pytest.fixture(scope="module")
def filler(converted):
    with edgebert.load(converted("fill-mask", quantize="float32")) as model:
        yield model


class Helped:
    """A filler that sees some of what is masked: every third piece badly, every third well."""

    def __init__(self, filler, text):
        self.task, self.labels, self.tokenizer = filler.task, filler.labels, filler.tokenizer
        self.filler = filler
        self.right = self.tokenizer.encode(text).ids
        self.seen = []

    def run_ids(self, ids, segment_ids=None, positions=None):
        assert [at for at, number in enumerate(ids) if number != self.right[at]] == positions
        assert {ids[at] for at in positions} == {self.tokenizer.mask_id}
        logits = self.filler.run_ids(ids, positions=positions).copy()
        for row, position in enumerate(positions):
            logits[0, row, self.right[position]] += (0, 1, 9)[position % 3]
            self.seen.append((logits[0, row].astype(np.float64), self.right[position]))
        return logits


def test_a_masked_model_is_evaluated_by_the_pieces_it_does_not_see(filler, tmp_path):
    top_k = pytest.importorskip("sklearn.metrics").top_k_accuracy_score
    text = "the quick brown fox jumps over the lazy dog again and again"
    path = written(tmp_path, "d.txt", f"{text}\n\n" * 30)
    model = Helped(filler, text)
    outcome = evaluate(model, open_data(path, "fill-mask"))
    assert outcome.rows == 30
    pieces = len(model.right) - 2
    assert len(model.seen) == 30 * round(0.15 * pieces)
    logits, right = map(np.array, zip(*model.seen, strict=True))
    shares = np.log(np.exp(logits).sum(axis=1))
    losses = shares - logits[np.arange(len(right)), right]
    assert outcome.metrics["perplexity"] == pytest.approx(np.exp(losses.mean()))
    for k in (1, 5):
        theirs = top_k(right, logits, k=k, labels=range(logits.shape[1]))
        assert 0 < theirs < 1
        assert outcome.metrics[f"top{k}_accuracy"] == pytest.approx(theirs)


def test_one_piece_at_least_is_masked(filler, tmp_path):
    path = written(tmp_path, "d.txt", "a\n")
    (observation,) = FILL_MASK.observe(filler, FILL_MASK.read(path, None))
    assert observation.expected == "a"


def test_the_time_of_a_masked_line_is_what_it_took(filler, tmp_path):
    path = written(tmp_path, "d.txt", "the quick brown fox\n" * 3)
    start = time.perf_counter()
    outcome = evaluate(filler, open_data(path, "fill-mask"))
    assert 0 < outcome.seconds < time.perf_counter() - start


def test_a_line_without_words_is_named(filler, tmp_path):
    path = written(tmp_path, "d.txt", "a\n\n\u202e\n")
    with pytest.raises(EdgebertError, match=r"line 3: has no words"):
        evaluate(filler, open_data(path, "fill-mask"))


def test_the_same_pieces_are_masked_every_time(filler, tmp_path):
    path = written(tmp_path, "d.txt", "the quick brown fox jumps over the lazy dog\n" * 5)
    one, other = (
        [each.expected for each in FILL_MASK.observe(filler, FILL_MASK.read(path, None))]
        for _ in range(2)
    )
    assert one == other
    assert len(set(one)) > 1, "lines are masked at different places"
