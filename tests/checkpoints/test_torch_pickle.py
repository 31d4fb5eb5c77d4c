"""PyTorch pickles: tensors are built, nothing else is, and damage is an EdgebertError."""

from __future__ import annotations

import io
import os
import pickle
import struct
import subprocess
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgebert.checkpoints.torch_pickle import read_torch_pickle
from edgebert.errors import EdgebertError
from tests.checkpoints.folders import PRETRAINING, ROOTS

NEW = ROOTS[0] / PRETRAINING / "pytorch_model.bin"
OLD = ROOTS[0] / "hf_answerer_2x32_2019" / "pytorch_model.bin"
NUMBERS = np.arange(6, dtype="<f4")
BYTES = NUMBERS.tobytes()


def value(python):
    """The opcodes that push a plain value."""
    return pickle.dumps(python, 2)[2:-1]


def name(module, attribute):
    return f"c{module}\n{attribute}\n".encode()


def storage(kind="FloatStorage", key="0", count=6):
    return (
        b"(" + value("storage") + name("torch", kind) + value(key) + value("cpu") + value(count)
    ) + b"tQ"


def tensor(offset=0, shape=(2, 3), strides=(3, 1), held=None):
    arguments = value(offset) + value(shape) + value(strides) + b"\x89"
    hooks = name("collections", "OrderedDict") + b")R"
    build = name("torch._utils", "_rebuild_tensor_v2")
    return build + b"(" + (held or storage()) + arguments + hooks + b"tR"


def state_dict(**tensors):
    pairs = b"".join(value(key) + code for key, code in tensors.items())
    return b"\x80\x02}(" + pairs + b"u."


def save(path, code, *, data=BYTES, byteorder=b"little", method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("model/data.pkl", code)
        archive.writestr("model/byteorder", byteorder)
        archive.writestr("model/data/0", data)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "pytorch_model.bin"


def test_reads_a_tensor(path):
    tensors = read_torch_pickle(save(path, state_dict(a=tensor())))
    np.testing.assert_array_equal(tensors["a"], NUMBERS.reshape(2, 3), strict=True)


def test_a_transposed_view_is_followed(path):
    code = state_dict(a=tensor(shape=(3, 2), strides=(1, 3)), b=tensor(4, (2,), (1,)))
    tensors = read_torch_pickle(save(path, code))
    np.testing.assert_array_equal(tensors["a"], NUMBERS.reshape(2, 3).T)
    np.testing.assert_array_equal(tensors["b"], [4, 5])


def test_a_parameter_is_its_tensor(path):
    wrapped = name("torch._utils", "_rebuild_parameter") + b"(" + tensor() + b"\x88"
    code = state_dict(a=wrapped + name("collections", "OrderedDict") + b")RtR")
    assert read_torch_pickle(save(path, code))["a"].shape == (2, 3)


def test_other_values_are_left_out(path):
    code = state_dict(a=tensor(), epoch=value(3), note=value("x"))
    assert list(read_torch_pickle(save(path, code))) == ["a"]


def nested(*tensors, **others):
    """A training's checkpoint: a dict of some of its values, and others."""
    code = b"\x80\x02}("
    for key in tensors:
        code += value(key) + state_dict(**{"a.weight": tensor()})[2:-1]
    return code + b"".join(value(key) + other for key, other in others.items()) + b"u."


OPTIMIZER = b"}" + value("state") + b"}" + value(0) + state_dict(exp_avg=tensor())[2:-1] + b"ss"
SCORES = b"}" + value("best") + state_dict(score=tensor())[2:-1] + b"s"
STATE = {"optimizer_state": state_dict(exp_avg=tensor())[2:-1], "callbacks": SCORES}
LONE = tensor(shape=(), strides=())


@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "model", "module", "weights"])
@pytest.mark.parametrize("others", [{}, {"optimizer": OPTIMIZER}, {"step": LONE}, STATE])
def test_the_only_dict_of_tensors_is_taken(path, key, others):
    tensors = read_torch_pickle(save(path, nested(key, epoch=value(3), **others)))
    assert list(tensors) == ["a.weight"]


def test_a_dict_of_tensors_may_lie_one_deeper(path):
    inner = nested("state_dict")[2:-1]
    tensors = read_torch_pickle(save(path, b"\x80\x02}" + value("model") + inner + b"s."))
    assert list(tensors) == ["a.weight"]


def test_options_beside_the_tensors_are_left_out(path):
    """Lightning's hyper-parameters and argparse's, as classes that are not made."""
    code = name("argparse", "Namespace") + b")\x81}" + value("lr") + value(0.1) + b"sb"
    lightning = name("lightning.fabric.utilities.data", "AttributeDict") + b")\x81"
    lightning += value("lr") + value(0.1) + b"s"
    device = name("torch", "device") + value("cpu") + b"\x85R"
    tensors = read_torch_pickle(
        save(path, nested("model", args=code, hyper_parameters=lightning, device=device))
    )
    assert list(tensors) == ["a.weight"]


def test_several_dicts_of_tensors_are_named(path):
    with pytest.raises(EdgebertError, match=r"several state dicts, under \['model', 'ema'\]; keys"):
        read_torch_pickle(save(path, nested("model", "ema")))


def test_without_any_tensors_the_keys_are_named(path):
    with pytest.raises(EdgebertError, match=r"no state dict.*keys: \['args', 'epoch'\]"):
        read_torch_pickle(save(path, nested(epoch=value(3), args=value("x"))))


class Attack:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    "attack",
    [
        Attack(os.system, "touch {marker}"),
        Attack(subprocess.Popen, ["touch", "{marker}"]),
        Attack(eval, "open('{marker}', 'w')"),
        Attack(getattr, "x", "upper"),
        Attack(print, "called"),
    ],
    ids=["system", "popen", "eval", "getattr", "print"],
)
@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_that_calls_anything_is_refused(path, tmp_path, attack, protocol, zipped, capsys):
    marker = tmp_path / "marker"
    function, arguments = attack.call
    arguments = [
        argument.format(marker=marker) if isinstance(argument, str) else argument
        for argument in arguments
    ]
    code = pickle.dumps({"a": Attack(function, *arguments)}, protocol)
    save(path, code) if zipped else path.write_bytes(code)
    with pytest.raises(EdgebertError, match=r"the pickle asks for '.*'; refused"):
        read_torch_pickle(path)
    assert not marker.exists()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "asked", [("os", "system"), ("builtins", "eval"), ("torch", "load"), ("torch._utils", "x.y")]
)
def test_the_error_names_what_was_asked_for(path, asked):
    code = b"\x80\x02" + name(*asked) + b"."
    with pytest.raises(EdgebertError, match=".".join(asked)):
        read_torch_pickle(save(path, code))


def test_a_pickle_cannot_change_how_the_next_one_is_read(path):
    """BUILD sets attributes of whatever the pickle was given."""
    spoil = name("torch._utils", "_rebuild_tensor_v2") + b"N}" + value("__defaults__")
    spoil += value(("x",)) + b"s\x86b0"
    code = b"\x80\x02" + spoil + state_dict(a=tensor())[2:]
    for _ in range(2):
        assert read_torch_pickle(save(path, code))["a"].shape == (2, 3)
    assert read_torch_pickle(save(path, state_dict(a=tensor())))["a"].shape == (2, 3)


@pytest.mark.parametrize("made", [name("torch", "FloatStorage"), storage(), tensor()])
def test_a_pickle_cannot_change_what_it_was_given(path, made):
    spoil = made + b"N}" + value("element") + value("F64") + b"s\x86b0"
    with pytest.raises(EdgebertError, match="not a PyTorch file, or a damaged one"):
        read_torch_pickle(save(path, b"\x80\x02" + spoil + state_dict(a=tensor())[2:]))


def test_a_legacy_file_without_a_storage_is_refused(path):
    held = storage()[:-2] + b"NtQ"  # with the view that a legacy file has
    parts = [0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}]
    code = [pickle.dumps(part, 2) for part in parts] + [state_dict(a=tensor(held=held))]
    path.write_bytes(b"".join(code) + pickle.dumps([], 2))
    with pytest.raises(EdgebertError, match="storage '0' is missing"):
        read_torch_pickle(path)["a"]


@pytest.mark.parametrize(
    "lying",
    [
        tensor(shape=(3, 3), strides=(3, 1)),
        tensor(offset=1),
        tensor(strides=(4, 1)),
        tensor(offset=-1, shape=(1,), strides=(1,)),
        tensor(shape=(2, 3), strides=(3, -1)),
        tensor(shape=(2, 3), strides=(3,)),
        tensor(shape=(10**9,), strides=(0,)),  # 4 GB from one number
        tensor(shape=(0, 3), strides=(3, 1)),
        tensor(shape=(-2, -3), strides=(3, 1)),
        tensor(shape=(1,) * 40, strides=(1,) * 40),
        tensor(shape=(2**62, 2**62), strides=(2**62, 1)),
        tensor(held=storage(key="7")),
        tensor(held=storage(kind="DoubleStorage")),
    ],
)
def test_a_tensor_outside_its_storage_is_refused(path, lying):
    tensors = read_torch_pickle(save(path, state_dict(a=lying)))
    with pytest.raises(EdgebertError, match=r"tensor a|data/7 is missing"):
        tensors["a"]


@pytest.mark.parametrize(
    "code",
    [
        state_dict(a=tensor(offset="x")),
        state_dict(a=tensor(shape=(2.5,))),
        state_dict(a=tensor(shape=7)),
        state_dict(a=tensor(held=value("x"))),
        state_dict(a=tensor(held=storage(kind="OrderedDict"))),
        b"\x80\x02.",
        b"\x80\x02]q\x00h\x00a.",
        b"",
        b"\x80\x02" + b"(" * 10_000 + b"t" * 10_000 + b".",
    ],
)
def test_nonsense_is_an_error(path, code):
    with pytest.raises(EdgebertError):
        read_torch_pickle(save(path, code))


def test_big_endian_numbers_are_refused(path):
    with pytest.raises(EdgebertError, match="big-endian"):
        read_torch_pickle(save(path, state_dict(a=tensor()), byteorder=b"big"))


def test_a_compressed_member_is_refused(path):
    with pytest.raises(EdgebertError, match="is compressed"):
        read_torch_pickle(save(path, state_dict(a=tensor()), method=zipfile.ZIP_DEFLATED))


def test_a_changed_storage_is_found_by_its_checksum(path):
    content = bytearray(save(path, state_dict(a=tensor())).read_bytes())
    content[content.index(BYTES) + 5] ^= 1
    path.write_bytes(content)
    tensors = read_torch_pickle(path)
    with pytest.raises(EdgebertError, match="data/0 does not match its checksum"):
        tensors["a"]


@pytest.mark.parametrize("code", [pickle.dumps([1, 2]), pickle.dumps({"a": 1}), b"\x80\x02N."])
def test_a_pickle_without_tensors_is_refused(path, code):
    with pytest.raises(EdgebertError, match=r"not a state dict|no state dict"):
        read_torch_pickle(save(path, code))


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x03\x04" + b"\0" * 100, b"\x80\x02K\x01."])
def test_a_file_that_torch_did_not_write_is_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(EdgebertError):
        read_torch_pickle(path)


def test_an_ordinary_zip_is_refused(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(EdgebertError, match=r"not one that torch.save wrote"):
        read_torch_pickle(path)


@pytest.mark.parametrize("source", [NEW, OLD], ids=["zip", "before 1.6"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_damaged_file_gives_edgebert_errors_only(path, source, data):
    content = bytearray(source.read_bytes())
    ends = st.one_of(st.integers(0, 4000), st.integers(len(content) - 8000, len(content) - 1))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(ends)] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del content[data.draw(ends) :]
    path.write_bytes(content)
    try:
        tensors = read_torch_pickle(path)
    except EdgebertError:
        return
    for key in tensors:
        try:
            assert tensors[key].nbytes <= 2 * len(content)
        except EdgebertError:
            continue


def test_a_huge_memo_index_takes_no_memory(path):
    code = b"\x80\x02Nr" + struct.pack("<I", 2**32 - 1) + b"0" + state_dict(a=tensor())[2:]
    assert list(read_torch_pickle(save(path, code))) == ["a"]


@pytest.mark.parametrize("zipped", [True, False])
def test_agrees_with_torch(path, zipped):
    torch = pytest.importorskip("torch")
    numbers = torch.arange(24).reshape(4, 6)
    state = {
        str(dtype).removeprefix("torch."): numbers.to(dtype)
        for dtype in (torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int64)
    }
    state["transposed"] = state["float32"].T
    state["part"] = state["float32"][1:, ::2]
    state["parameter"] = torch.nn.Parameter(state["float32"] + 0.5)
    torch.save(state, path, _use_new_zipfile_serialization=zipped)
    tensors = read_torch_pickle(path)
    assert tensors.keys() == state.keys()
    for key, expected in state.items():
        np.testing.assert_array_equal(tensors[key], expected.detach().double().numpy())


def test_reading_keeps_the_numbers_on_disk():
    array = read_torch_pickle(NEW)["bert.embeddings.word_embeddings.weight"]
    assert not array.flags.owndata
    assert not array.flags.writeable


def test_the_unpickler_reads_only_what_it_is_given(path):
    """A legacy file is read pickle by pickle; bytes after a storage are not looked at."""
    stream = io.BytesIO(OLD.read_bytes())
    path.write_bytes(stream.read() + b"trailing")
    assert read_torch_pickle(path).keys() == read_torch_pickle(OLD).keys()
