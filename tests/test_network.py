"""What runs converted files opens no socket."""

import subprocess
import sys

CODE = """
import sys
def hook(event, arguments):
    if event.startswith("socket."):
        raise SystemExit(f"{event} {arguments}")
sys.addaudithook(hook)
import edgebert
model = edgebert.load(sys.argv[1])
model("a text")
list(model.batch(["a", "b"]))
from edgebert.cli.main import app
for arguments in (
    ["run", sys.argv[1], "a text"],
    ["evaluate", sys.argv[1], "--data", sys.argv[2]],
    ["search", sys.argv[3], "--corpus", sys.argv[4], "a"],
):
    app(arguments, standalone_mode=False)
print("quiet")
"""


def test_load_run_batch_evaluate_and_search_open_no_socket(classifier, converted, tmp_path):
    data, corpus = tmp_path / "d.tsv", tmp_path / "c.txt"
    data.write_text("text\tlabel\na text\tpositive\nanother\tnegative\n")
    corpus.write_text("one text\nanother text\n")
    given = [classifier, data, converted("embed"), corpus]
    done = subprocess.run(
        [sys.executable, "-c", CODE, *map(str, given)], capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1:] == ["quiet"], done.stderr
    assert done.returncode == 0
