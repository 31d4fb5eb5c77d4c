"""What the scripts of docs/how_to/other_teachers.md write is what `distill` reads.

In the place of transformers stands a module of the same functions: what counts is the form.
"""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

from edgebert.evaluation.texts import Text
from edgebert.progress import silent
from edgebert.train.distillation.teacher_file import FileTeacher

PAGE = Path(__file__).parents[2] / "docs/how_to/other_teachers.md"
TEXTS = ["Ada met Bob", "nobody"]
TRANSFORMERS = '''
import re
import numpy as np

class Tensor:
    def __init__(self, rows):
        self.rows = np.array(rows)
    def __getitem__(self, at):
        return Tensor(self.rows[at])
    def softmax(self, axis):
        powers = np.exp(self.rows)
        return Tensor(powers / powers.sum(axis, keepdims=True))
    def tolist(self):
        return self.rows.tolist()

def pipeline(task, model, top_k, truncation):
    """Scores in the order of their size, as top_k=None gives them."""
    def ask(texts, batch_size):
        for text in texts:
            share = 0.75 if "Ada" in text else 0.25
            said = [{"label": "yes", "score": share}, {"label": "no", "score": 1 - share}]
            yield sorted(said, key=lambda each: -each["score"])
    return ask

class AutoTokenizer:
    @classmethod
    def from_pretrained(cls, name):
        return cls()
    def __call__(self, text, return_offsets_mapping, return_tensors, truncation):
        places = [(0, 0), *(each.span() for each in re.finditer("[A-Z]|[a-z]+", text)), (0, 0)]
        capitals = [[end == start + 1 and text[start].isupper() for start, end in places]]
        return {"offset_mapping": Tensor([places]), "capitals": capitals}

class AutoModelForTokenClassification(AutoTokenizer):
    class config:
        id2label = {0: "O", 1: "B-PER"}
    def __call__(self, capitals):
        logits = [[[0.0, 2.0] if each else [2.0, 0.0] for each in row] for row in capitals]
        return type("Output", (), {"logits": Tensor(logits)})
'''


@pytest.fixture
def written(tmp_path):
    """Gives the file that a script of the page writes."""
    (tmp_path / "transformers.py").write_text(TRANSFORMERS)
    (tmp_path / "texts.txt").write_text("".join(f"{text}\n" for text in TEXTS))
    scripts = re.findall(r"^```py\n(.*?)^```", PAGE.read_text(), re.M | re.S)

    def run(number):
        subprocess.run([sys.executable, "-c", scripts[number]], cwd=tmp_path, check=True)
        return tmp_path / "said.jsonl"

    return run


def scores_of(path, folder):
    teacher = FileTeacher(path)
    asked = [Text(text, None, "a line") for text in TEXTS]
    return teacher, teacher.scores(asked, "", folder, silent)


def test_a_classifier_of_another_family_teaches(written, tmp_path):
    teacher, scores = scores_of(written(0), tmp_path)
    assert (teacher.task, teacher.labels) == ("classify", ("yes", "no"))
    np.testing.assert_allclose(np.exp(scores), [[0.75, 0.25], [0.25, 0.75]], rtol=1e-6)


def test_a_tagger_of_another_family_teaches(written, tmp_path):
    teacher, (first, second) = scores_of(written(1), tmp_path)
    assert (teacher.task, teacher.labels) == ("tag", ("O", "B-PER"))
    assert first.places.tolist() == [[0, 1], [1, 3], [4, 7], [8, 9], [9, 11]]
    assert (first.scores.argmax(axis=1) == [1, 0, 0, 1, 0]).all()
    np.testing.assert_allclose(first.scores.sum(axis=1), 1, rtol=1e-6)
    assert second.places.tolist() == [[0, 6]]
