import json

import pytest

from edgebert.errors import EdgebertError
from edgebert.evaluation import lines
from edgebert.evaluation.squad_file import read_squad

CONTEXT = "The Panthers gave up 308 points."


def answer(text="308", start=21):
    return {"text": text, "answer_start": start}


def squad(*questions):
    return {
        "version": "v2.0",
        "data": [{"title": "x", "paragraphs": [{"context": CONTEXT, "qas": list(questions)}]}],
    }


def entry(**fields):
    return {"id": "1", "question": "How many?", "answers": [answer()], **fields}


def written(tmp_path, data):
    path = tmp_path / "d.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return path


def test_questions(tmp_path):
    impossible = entry(question="Who?", answers=[], is_impossible=True, plausible_answers=[])
    several = entry(answers=[answer(), answer("308 points")], is_impossible=False)
    one, two, three = read_squad(written(tmp_path, squad(entry(), impossible, several)))
    assert one[:4] == ("How many?", CONTEXT, ("308",), (21,))
    assert one.place.endswith("d.json, data[0].paragraphs[0].qas[0]")
    assert two[:4] == ("Who?", CONTEXT, (), ())
    assert three.answers == ("308", "308 points")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "d.json: not JSON: "),
        ('{"data": [', "d.json: not JSON: "),
        ("[" * 100_000, "d.json: not JSON: "),
        ([], "d.json: 'data' is missing; needed as in SQuAD: a list"),
        ({"data": {}}, "d.json: 'data' is {}; needed"),
        ({"data": [1]}, "d.json, data[0]: 'paragraphs' is missing"),
        ({"data": [{"paragraphs": [{"qas": []}]}]}, "d.json, data[0].paragraphs[0]: 'context'"),
        (squad(entry(question=1)), "d.json, data[0].paragraphs[0].qas[0]: 'question' is 1; needed"),
        (squad(entry(answers=[{}])), "d.json, data[0].paragraphs[0].qas[0]: 'text' is missing"),
        (squad(entry(answers=[answer(start=True)])), "d.json, data[0].paragraphs[0].qas[0]: 'answ"),
        (squad(entry(answers=[])), "d.json, data[0].paragraphs[0].qas[0]: no answers, and not"),
    ],
)
def test_errors_name_the_place(tmp_path, data, message):
    with pytest.raises(EdgebertError) as caught:
        list(read_squad(written(tmp_path, data)))
    assert str(caught.value).replace(f"{tmp_path}/", "").startswith(message)
    assert "\n" not in str(caught.value)


def test_a_huge_file_is_refused(tmp_path, monkeypatch):
    path = written(tmp_path, squad(entry()))
    monkeypatch.setattr(lines, "LARGEST_FILE", 100)
    with pytest.raises(EdgebertError, match="larger than 100 bytes; split it"):
        list(read_squad(path))


def test_what_is_no_file_is_an_error(tmp_path):
    with pytest.raises(EdgebertError, match="cannot read: No such file"):
        list(read_squad(tmp_path / "none.json"))
    with pytest.raises(EdgebertError, match="not an ordinary file"):
        list(read_squad(tmp_path))


def test_rows_of_datasets_are_the_same_questions(tmp_path):
    rows = [
        {
            "id": "1",
            "title": "x",
            "context": CONTEXT,
            "question": "How many?",
            "answers": {"text": ["308", "308 points"], "answer_start": [21, 21]},
        },
        {"context": CONTEXT, "question": "Who?", "answers": {"text": [], "answer_start": []}},
    ]
    path = tmp_path / "d.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    one, two = read_squad(path)
    assert one == ("How many?", CONTEXT, ("308", "308 points"), (21, 21), f"{path}, line 1")
    assert two[:4] == ("Who?", CONTEXT, (), ())


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (None, "'answers' is missing; needed as in SQuAD: an object"),
        ({"text": ["308"], "answer_start": []}, "1 texts and 0 starts of answers"),
        ({"text": ["308"], "answer_start": ["21"]}, "'answer_start' is \"21\"; needed as in SQuAD"),
    ],
)
def test_other_rows_are_one_line(tmp_path, answers, said):
    path = tmp_path / "d.jsonl"
    path.write_text(json.dumps({"context": CONTEXT, "question": "Who?", "answers": answers}))
    with pytest.raises(EdgebertError, match=f"d.jsonl, line 1: {said}") as caught:
        list(read_squad(path))
    assert "\n" not in str(caught.value)
