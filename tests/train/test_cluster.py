"""TF_CONFIG, as TensorFlow documents it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebert.errors import EdgebertError
from edgebert.train.cluster import SINGLE_WORKER, Cluster, read_cluster


@pytest.fixture
def read(monkeypatch):
    """Reads a TF_CONFIG, JSON or text."""

    def read(config):
        text = config if isinstance(config, str) else json.dumps(config)
        monkeypatch.setenv("TF_CONFIG", text)
        return read_cluster()

    return read


def of(cluster, kind="worker", index=0):
    return {"cluster": cluster, "task": {"type": kind, "index": index}}


def test_without_it_a_process_is_alone(read, monkeypatch):
    assert read("") == SINGLE_WORKER
    monkeypatch.delenv("TF_CONFIG")
    assert read_cluster() == SINGLE_WORKER
    assert SINGLE_WORKER.is_chief


def test_the_first_worker_is_the_chief(read):
    both = {"worker": ["a:1", "b:2"]}
    assert read(of(both)) == Cluster(("a:1", "b:2"), 0)
    assert read(of(both)).is_chief
    assert read(of(both, index=1)) == Cluster(("a:1", "b:2"), 1)
    assert not read(of(both, index=1)).is_chief


def test_a_chief_may_be_named(read):
    both = {"worker": ["a:1", "b:2"], "chief": ["c:3"]}
    assert read(of(both, "chief")) == Cluster(("c:3", "a:1", "b:2"), 0)
    assert read(of(both, index=1)) == Cluster(("c:3", "a:1", "b:2"), 2)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "no object 'cluster'"),
        ({"cluster": {"worker": ["a:1"]}}, "no object 'task'"),
        (of({}), "0 chiefs and 0 workers"),
        (of({"worker": ["a:1", "b:2", "a:1"]}), "'a:1' is named twice"),
        (of({"chief": ["a:1"], "worker": ["a:1"]}), "'a:1' is named twice"),
        (of({"chief": ["a:1", "b:1"]}), "2 chiefs and 0 workers"),
        (of({"worker": ["a:1"], "ps": ["b:1"]}), "'ps' in the cluster; accepted: chief, worker"),
        (of({"worker": "a:1"}), 'worker is "a:1", no list of host:port'),
        (of({"worker": ["a"]}), "no list of host:port"),
        (of({"worker": ["a:0"]}), "no list of host:port"),
        (of({"worker": ["a:99999"]}), "no list of host:port"),
        (of({"worker": [f"a:{'9' * 10_000}"]}), "no list of host:port"),
        (of({"worker": ["a:1"]}, "evaluator"), "the task is"),
        (of({"worker": ["a:1"]}, index="0"), "the task is"),
        (of({"worker": ["a:1"]}, index=1), "the cluster has no worker 1"),
        (of({"worker": ["a:1"]}, index=-1), "the cluster has no worker -1"),
        (of({"worker": ["a:1"]}, "chief"), "the cluster has no chief 0"),
    ],
)
def test_what_is_wrong_is_one_line(read, config, message):
    with pytest.raises(EdgebertError, match=message) as caught:
        read(config)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("TF_CONFIG: ")
    assert "it is to be like {" in str(caught.value)
    assert len(str(caught.value)) < 400


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(st.sampled_from(["cluster", "task", "worker", "type", "index"]), x)
        ),
    )
)
def test_no_json_is_a_traceback(value):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TF_CONFIG", json.dumps(value))
        try:
            read_cluster()
        except EdgebertError as error:
            assert "\n" not in str(error)
