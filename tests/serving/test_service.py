"""The service over real connections: answers, wrong requests, limits, files that are replaced."""

import http.client
import json
import re
import shutil
import socket
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

import edgebert
from edgebert.errors import EdgebertError
from edgebert.runtime.answer_json import to_json

pytest.importorskip("uvicorn", reason="the service needs the extra serve")

from edgebert.serving.app import Service, ServiceLimits
from edgebert.serving.served_model import ServedModel
from edgebert.serving.server import ListenAddress, http_server, listening


@contextmanager
def running(models, limits=None, token=None):
    """A service in a thread; gives the port."""
    app = Service(models, limits or ServiceLimits(workers=2), token).app()
    with listening(ListenAddress("127.0.0.1", 0, None)) as sockets:
        server = http_server(app)
        thread = threading.Thread(target=server.run, kwargs={"sockets": sockets})
        thread.start()
        try:
            yield sockets[0].getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def served(path, name="intents"):
    return {name: ServedModel(name, path, engine="auto", threads=1)}


def ask(port, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        content = response.read()
        is_json = response.headers["content-type"] == "application/json"
        return response.status, json.loads(content) if is_json else content.decode()
    finally:
        connection.close()


def post(port, value, **headers):
    return ask(port, "POST", "/models/intents", json.dumps(value), headers)


@pytest.fixture(scope="module")
def path(converted):
    return converted("classify")


@pytest.fixture(scope="module")
def port(path):
    with running(served(path)) as port:
        yield port


def test_an_answer_is_what_run_prints_as_json(port, path):
    with edgebert.load(path) as model:
        wanted = [
            to_json(model, text, pair, model.reply(text, pair))
            for text, pair in (("Where is my card?", None), ("a", "b"))
        ]
    assert post(port, {"text": "Where is my card?"}) == (200, json.loads(json.dumps(wanted[0])))
    several = {"texts": ["Where is my card?", {"text": "a", "pair": "b"}]}
    assert post(port, several) == (200, {"answers": json.loads(json.dumps(wanted))})
    assert post(port, {"texts": []}) == (200, {"answers": []})


def test_options_are_those_of_the_task(port):
    long = "where is my card " * 100
    cut = post(port, {"text": long})[1]
    mean = post(port, {"text": long, "options": {"long": "mean"}})[1]
    assert cut["truncated"]
    assert not mean["truncated"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "the body is not JSON"),
        (b"\xff", "the body is not JSON"),
        (b"[" * 100_000, "the body is not JSON"),
        (b"[]", "the body is a list"),
        (b"null", "the body is null"),
        (b"{}", "text or pair is not a string"),
        (b'{"text": 3}', "text or pair is not a string"),
        (b'{"text": "a", "pair": 3}', "text or pair is not a string"),
        (b'{"text": "a", "txet": "b"}', "the body has 'txet'"),
        (b'{"texts": ["a"], "pair": "b"}', "the body has 'pair'"),
        (b'{"texts": "a"}', "texts is a string"),
        (b'{"texts": [true]}', "a text is true or false"),
        (b'{"text": "a", "options": []}', "options is a list"),
        (b'{"text": "a", "options": {"top": 3}}', "classify has no option 'top'"),
        (b'{"text": "a", "options": {"stride": -1}}', "stride"),
        (b'{"text": "\\ud800"}', "lone surrogate"),
        (json.dumps({"texts": ["a"] * 257}).encode(), "257 texts; a request may have 256"),
    ],
)
def test_a_wrong_request_is_one_clear_line(port, body, says):
    status, answer = ask(port, "POST", "/models/intents", body)
    assert status == 400
    assert says in answer["error"]
    assert "\n" not in answer["error"]
    assert post(port, {"text": "still there?"})[0] == 200


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/models/none", 404),
        ("POST", "/models/none", 404),
        ("POST", "/models/..%2Fetc%2Fpasswd", 404),
        ("DELETE", "/models/intents", 405),
        ("GET", "/models/intents", 200),
        ("GET", "/models", 200),
    ],
)
def test_addresses(port, method, address, status):
    found, answer = ask(port, method, address)
    assert found == status
    assert status == 200 or answer["error"]


def test_what_a_model_is_can_be_asked(port):
    (model,) = ask(port, "GET", "/models")[1]["models"]
    assert model == ask(port, "GET", "/models/intents")[1]
    assert (model["task"], len(model["labels"]), model["fault"]) == ("classify", 3, None)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_not_taken(path, chunked):
    limits = ServiceLimits(workers=1, body_bytes=1000)
    with running(served(path), limits) as port:
        body = iter([b'{"text": "', b"a" * 1000, b'"}']) if chunked else b"a" * 1001
        assert ask(port, "POST", "/models/intents", body)[0] == 413
        assert post(port, {"text": "a" * 900})[0] == 200


def test_a_body_that_does_not_come_is_not_waited_for(path):
    with running(served(path), ServiceLimits(workers=1, body_seconds=0.1)) as port:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(
                b"POST /models/intents HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{"
            )
            assert connection.recv(1000).startswith(b"HTTP/1.1 408 ")
        assert post(port, {"text": "a"})[0] == 200


def test_those_who_would_wait_too_long_are_turned_away(path):
    models = served(path)
    began, go_on = threading.Event(), threading.Event()
    answer = models["intents"].answer

    def slow(*given):
        began.set()
        assert go_on.wait(20)
        return answer(*given)

    models["intents"].answer = slow
    with running(models, ServiceLimits(workers=1, waiting=0)) as port:
        statuses = []
        first = threading.Thread(target=lambda: statuses.append(post(port, {"text": "a"})[0]))
        first.start()
        assert began.wait(20)
        assert post(port, {"text": "b"})[0] == 503
        go_on.set()
        first.join()
        assert statuses == [200]
        assert post(port, {"text": "b"})[0] == 200


def test_without_the_token_only_health_answers(path):
    secret = "x" * 16
    with running(served(path), token=secret) as port:
        right = {"Authorization": f"Bearer {secret}"}
        assert ask(port, "GET", "/health")[0] == 200
        for headers in ({}, {"Authorization": "Bearer another"}, {"Authorization": "Bearer ä"}):
            assert post(port, {"text": "a"}, **headers)[0] == 401
            assert ask(port, "GET", "/metrics", None, headers)[0] == 401
        assert post(port, {"text": "a"}, **right)[0] == 200


def test_metrics_count_requests_and_texts(path):
    with running(served(path)) as port:
        post(port, {"texts": ["a", "b", "c"]})
        post(port, {"text": 3})
        ask(port, "GET", "/models/none")
        text = ask(port, "GET", "/metrics")[1]
    for line in (
        'edgebert_requests_total{model="intents",status="200"} 1.0',
        'edgebert_requests_total{model="intents",status="400"} 1.0',
        'edgebert_requests_total{model="",status="404"} 1.0',
        'edgebert_texts_total{model="intents"} 3.0',
        'edgebert_answer_seconds_count{model="intents"} 1.0',
        "edgebert_requests_in_flight 0.0",
    ):
        assert line in text.splitlines()


@pytest.mark.parametrize("in_place", [False, True])
def test_a_file_that_is_replaced_is_opened_anew_and_a_damaged_one_is_not_used(
    converted, tmp_path, in_place
):
    def put(source):
        if in_place:  # as cp does: same inode, truncated first
            path.write_bytes(source.read_bytes())
        else:
            shutil.copy(source, tmp_path / "new")
            (tmp_path / "new").rename(path)

    path = tmp_path / "m.tflite"
    good, other = converted("classify"), converted("embed")
    put(good)
    broken = tmp_path / "broken"
    broken.write_bytes(good.read_bytes()[:-1000])
    with running(served(path)) as port:
        before = post(port, {"text": "Where is my card?"})
        put(broken)
        assert post(port, {"text": "Where is my card?"}) == before
        health = ask(port, "GET", "/health")[1]
        assert health["status"] == "degraded"
        assert str(path) in health["faults"]["intents"]
        put(other)
        assert "vector" in post(port, {"text": "Where is my card?"})[1]
        assert ask(port, "GET", "/health")[1]["status"] == "ok"
        path.unlink()
        assert "vector" in post(port, {"text": "Where is my card?"})[1]
        assert ask(port, "GET", "/health")[1]["status"] == "degraded"


def test_a_file_that_fails_its_self_test_is_refused(path, monkeypatch):
    class Failed:
        passed = False

    monkeypatch.setattr("edgebert.runtime.model.Model.selftest", lambda _self: Failed)
    with pytest.raises(EdgebertError, match="fails its self-test"):
        served(path)


def test_many_clients_get_the_answers_of_one(port):
    texts = [f"Where is card {number}?" for number in range(40)]
    wanted = [post(port, {"text": text}) for text in texts]
    found = [None] * len(texts)

    def client(start):
        for index in range(start, len(texts), 8):
            found[index] = post(port, {"text": texts[index]})

    clients = [threading.Thread(target=client, args=(start,)) for start in range(8)]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    assert found == wanted


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl")
def test_the_shell_script_of_the_guide_does_what_was_said(tmp_path):
    root = Path(__file__).parents[2]
    guide = (root / "docs/tutorials/raspberry_pi.md").read_text(encoding="utf-8")
    script = tmp_path / "heard.sh"
    with running(served(root / "edgebert/data/intents.tflite")) as port:
        (text,) = re.findall(r"^```sh\n(.*?)^```", guide, re.M | re.S)
        script.write_text(text.replace(":8765", f":{port}"), encoding="utf-8")

        def heard(*words):
            return subprocess.run(["sh", script, *words], capture_output=True, text=True).stdout

        assert heard("I", "lost", "my", "card") == "the card is blocked\n"
        assert heard("Will it rain in Berlin?") == "please say that again\n"
        assert json.loads(heard('How do I change my "PIN" \\ please?'))["text"][19:24] == '"PIN"'
