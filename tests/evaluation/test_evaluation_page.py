"""The page of an evaluation, and the wrong rows on it."""

import re

import edgebert
from edgebert.evaluation.evaluation_page import to_html


def test_the_page_shows_labels_mistakes_and_wrong_rows(tmp_path):
    data = tmp_path / "data.csv"
    data.write_text(
        "text,label\nI lost my card,lost_or_stolen_card\n"
        "My <b>card</b> was stolen,age_limit\nI want to change my PIN,change_pin\n"
        "How old must I be?,age_limit\n"
    )
    found = edgebert.evaluate("intents", data)
    (wrong,) = found.wrong
    assert (wrong.text, wrong.expected) == ("My <b>card</b> was stolen", "age_limit")
    assert wrong.predicted.startswith("lost_or_stolen_")
    assert wrong.place.endswith("data.csv, line 3")
    assert 0 < wrong.score <= 1
    page = to_html(found, found.confidence, "intents on data.csv")
    titles = re.findall("<h2>(.*?)</h2>", page)
    assert titles[1:] == [
        "Labels, the least F1 first",
        "Labels taken for others",
        "Wrong rows, the surest first",
    ]
    assert "accuracy 0.7500 (" in page
    assert "My &lt;b&gt;card&lt;/b&gt; was stolen" in page
    labels = re.findall('<th scope="row">(.*?)</th>', page)
    assert max(map(labels.index, (wrong.predicted, "age_limit"))) < labels.index("change_pin")


def test_what_is_all_right_has_no_list_of_mistakes(tmp_path):
    data = tmp_path / "data.csv"
    data.write_text(
        "text,label\nI lost my card,lost_or_stolen_card\nI want to change my PIN,change_pin\n"
    )
    found = edgebert.evaluate("intents", data)
    assert found.wrong == ()
    page = to_html(found, found.confidence, "right")
    assert "Wrong rows" not in page
    assert "taken for" not in page
