"""A forked process neither waits for a thread that it has not, nor finds a model in mid-answer."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")

# While threads answer, forks children that answer, too; prints how they ended.
WHILE_THREADS_ANSWER = """
import os, sys, threading, time, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # that a process with threads is forked
import edgebert
class Slow:
    def __init__(self, interpreter):
        self.interpreter = interpreter
    def invoke(self):
        time.sleep(0.02)
        self.interpreter.invoke()
    def __getattr__(self, name):
        return getattr(self.interpreter, name)
model = edgebert.load(sys.argv[1])
model.watch(Slow)
expected = model("a text")
list(model.batch(["a text"], workers=2))  # Python's own locks of modules do not survive a fork
stop = threading.Event()
def work():
    while not stop.is_set():
        model("another text " * 20)
        list(model.batch(["one", "two words"], workers=2))
threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads:
    thread.start()
for _ in range(20):
    child = os.fork()
    if not child:
        right = model("a text") == expected and list(model.batch(["a text"])) == [expected]
        os._exit(0 if right else 3)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
stop.set()
for thread in threads:
    thread.join()
"""

SEVERAL_THREADS = """
import os, sys
import edgebert
model = edgebert.load(sys.argv[1], threads=2)
expected = model("a text")
child = os.fork()
if not child:
    try:
        model("a text")
    except edgebert.EdgebertError as error:
        print(error, flush=True)
    with edgebert.load(sys.argv[1], threads=2) as own:
        print(own("a text") == expected, flush=True)
    sys.exit(5)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), model("a text") == expected)
"""


def printed(code, path):
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_children_forked_while_threads_answer_answer_alike(classifier):
    assert printed(WHILE_THREADS_ANSWER, classifier) == ["0"] * 20


def test_a_model_with_several_threads_is_one_error_in_a_child(classifier):
    error, own, ended = printed(SEVERAL_THREADS, classifier)
    assert error.startswith("the model was loaded with several threads")
    assert own == "True"
    assert ended == "5 True"
