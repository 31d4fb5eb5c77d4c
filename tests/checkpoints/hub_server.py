"""The few endpoints of the Hugging Face hub that huggingface_hub asks when it takes a snapshot."""

import hashlib
import json

from tests.checkpoints.server import WebServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def publish(web: WebServer, repository: str, files: dict[str, bytes], revision="main"):
    """Makes `web` answer for one repository as the hub does."""
    listing = [
        {
            "type": "file",
            "path": name,
            "size": len(data),
            "oid": hashlib.sha256(data).hexdigest()[:40],
        }
        for name, data in files.items()
    ]
    info = {
        "id": repository,
        "sha": COMMIT,
        "private": False,
        "tags": [],
        "siblings": [{"rfilename": name} for name in files],
    }
    api = f"/api/models/{repository}"
    for path in (f"{api}/revision/{revision}", f"{api}/revision/{COMMIT}", api):
        web.replies[path] = _json(info)
    for query in ("", "?recursive=true&expand=false", "?recursive=True&expand=False"):
        web.replies[f"{api}/tree/{COMMIT}{query}"] = _json(listing)
    for name, data in files.items():
        headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{hashlib.sha256(data).hexdigest()[:40]}"'}
        web.replies[f"/{repository}/resolve/{COMMIT}/{name}"] = (200, headers, data)


def refuse(web: WebServer, repository: str, status: int, code: str, revision="main"):
    """Makes `web` refuse a repository with the hub's error code."""
    reply = (status, {"X-Error-Code": code, "X-Error-Message": f"{code} says the hub"}, b"{}")
    for path in (f"/api/models/{repository}", f"/api/models/{repository}/revision/{revision}"):
        web.replies[path] = reply


def _json(body) -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Type": "application/json"}, json.dumps(body).encode()
