"""Makes the files of NumPy, hmmlearn and PyTorch that crates/lab/tests/foreign_files.rs reads, without a line of the project's code.

    pip install numpy hmmlearn
    python oracles/foreign.py            writes crates/lab/tests/foreign/
    python oracles/foreign.py --check    exits with status 1 if what they hold differs from what is computed now

With PyTorch at hand (pip install torch), its files are written and checked with it; without, they are left as they are and
checked by unpickling them here, with stand-ins for PyTorch's functions.
"""

import collections
import io
import json
import pathlib
import pickle
import sys
import zipfile

import numpy as np

try:
    import torch
except ImportError:
    torch = None
try:
    from hmmlearn.hmm import CategoricalHMM
except ImportError:
    CategoricalHMM = None

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "crates/lab/tests/foreign"
PROTOCOLS = range(6)


# --- NumPy ------------------------------------------------------------------------------------------------------------


def arrays():
    numbers = np.arange(6).reshape(2, 3)
    kinds = ["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1"]
    found = {kind: (numbers / 4 if kind[0] == "f" else numbers * 20).astype("<" + kind) for kind in kinds}
    columns = np.asfortranarray(numbers / 3)
    return found | {"bool": numbers % 2 == 0, "columns": columns, "scalar": np.array(2.5), "empty": np.zeros((0, 3))}


def pickled(protocol):
    """Arrays and everything else that a pickle may hold, each thing once in the form of every protocol."""
    plain = {
        "none": None, "yes": True, "no": False, "small": 7, "word": 60000, "int": -70000, "long": 2**40, "float": 0.1,
        "text": "é\\\n€😀", "bytes": bytes(range(0, 256, 17)), "list": [1, [2.5, []]], "tuple": (1, (), (2, 3), (1, 2, 3, 4)),
        "ordered": collections.OrderedDict(b=1, a=2), "number": np.float32(1.5),
    }
    return pickle.dumps({"plain": plain, "arrays": arrays()}, protocol=protocol)


# --- hmmlearn ---------------------------------------------------------------------------------------------------------


def model(hidden):
    states = 3
    found = CategoricalHMM(n_components=states)
    found.startprob_ = np.array([0.5, 0.25, 0.25])
    found.transmat_ = np.array([[0.1, 0.2, 0.7], [0.25, 0.75, 0.0], [1 / 3, 1 / 3, 1 / 3]])
    found.emissionprob_ = np.eye(states)
    if hidden:
        found.emissionprob_[1] = [0.5, 0.5, 0.0]
    return found


# --- PyTorch ----------------------------------------------------------------------------------------------------------


def expected_views():
    """What views.pt holds: names, shapes, numbers."""
    base = np.arange(24, dtype=np.float32) / 8
    grid = base.reshape(4, 6)
    found = {
        "whole": grid, "transposed": grid.T, "part": grid[1:3, 1:5:2], "row": grid[2], "diagonal": np.diag(grid),
        "three": base.reshape(2, 3, 4).transpose(2, 0, 1), "empty": base[:0], "scalar": base[9],
    }
    integers = np.array([[0, 1, 2], [100, 101, 127]])
    for kind in ["float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8"]:
        found[kind] = integers / 2 if "float" in kind else integers
    return found | {"bool": integers % 2 == 1, "parameter": grid[0], "tied": grid[0]}


def views():
    """Each view has a storage of its own: tensors that share some of their numbers are refused."""
    base = lambda: torch.arange(24, dtype=torch.float32) / 8
    grid = lambda: base().view(4, 6)
    found = {
        "whole": grid(), "transposed": grid().t(), "part": grid()[1:3, 1:5:2], "row": grid()[2], "diagonal": grid().diagonal(),
        "three": base().view(2, 3, 4).permute(2, 0, 1), "empty": base()[:0], "scalar": base()[9],
    }
    integers = torch.tensor([[0, 1, 2], [100, 101, 127]])
    for kind in ["float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8"]:
        found[kind] = (integers / 2 if "float" in kind else integers).to(getattr(torch, kind))
    parameter = torch.nn.Parameter(grid()[0].clone())
    return found | {"bool": integers % 2 == 1, "parameter": parameter, "tied": parameter.data}


def checkpoint():
    """As nanoGPT saves it: two tied weights, an optimiser that has made a step, arguments."""
    torch.manual_seed(1)
    network = torch.nn.ModuleDict({"wte": torch.nn.Embedding(5, 3), "lm_head": torch.nn.Linear(3, 5, bias=False)})
    network["lm_head"].weight = network["wte"].weight
    with torch.no_grad():
        network["wte"].weight.copy_(torch.arange(15).view(5, 3) / 16)
    optimizer = torch.optim.AdamW(network.parameters())
    state = {"model": {name: tensor.clone() for name, tensor in network.state_dict().items()}}
    network["lm_head"](network["wte"](torch.tensor([1, 2]))).sum().backward()
    optimizer.step()
    arguments = {"n_layer": 2, "n_head": 1, "bias": False, "vocab_size": 5, "dropout": 0.0}
    network["wte"].weight.data.copy_(torch.arange(15).view(5, 3) / 16)
    return {
        "model": network.state_dict(), "optimizer": optimizer.state_dict(), "model_args": arguments, "iter": 7, "tk": None,
        "best_val_loss": torch.tensor(1.25), "config": {"dataset": "mm10", "beta2": 0.95, "compile": False},
    }  # fmt: skip


def torch_file(content):
    out = io.BytesIO()
    torch.save(content, out)
    return out.getvalue()


# --- an independent reader of torch.save ------------------------------------------------------------------------------


KINDS = {
    "FloatStorage": "f4", "DoubleStorage": "f8", "HalfStorage": "f2", "BFloat16Storage": "bf2", "LongStorage": "i8",
    "IntStorage": "i4", "ShortStorage": "i2", "CharStorage": "i1", "ByteStorage": "u1", "BoolStorage": "b1",
}  # fmt: skip


def rebuild(storage, offset, shape, strides, *_):
    kind, raw = storage
    if kind == "bf2":
        numbers = (np.frombuffer(raw, "<u2").astype("<u4") << 16).view("<f4")
    else:
        numbers = np.frombuffer(raw, kind)
    strides = [stride * numbers.itemsize for stride in strides]
    return np.lib.stride_tricks.as_strided(numbers[offset:], shape, strides)


def unpickle(path):
    archive = zipfile.ZipFile(path)
    assert archive.testzip() is None
    folder = next(name for name in archive.namelist() if name.endswith("data.pkl"))[: -len("data.pkl")]

    class Reader(pickle.Unpickler):
        def find_class(self, module, name):
            known = {"_rebuild_tensor_v2": rebuild, "_rebuild_parameter": lambda tensor, *_: tensor, "OrderedDict": collections.OrderedDict}
            return known[name] if name in known else KINDS[name]

        def persistent_load(self, identity):
            return identity[1], archive.read(f"{folder}data/{identity[2]}")

    return Reader(io.BytesIO(archive.read(folder + "data.pkl"))).load()


def check_torch_files():
    found = unpickle(FOLDER / "views.pt")
    assert list(found) == list(expected_views()), list(found)
    for name, numbers in expected_views().items():
        assert found[name].shape == numbers.shape and (found[name] == numbers).all(), name
    found = unpickle(FOLDER / "checkpoint.pt")
    weights = np.arange(15, dtype=np.float32).reshape(5, 3) / 16
    assert all((tensor == weights).all() for tensor in found["model"].values())
    assert (found["iter"], found["best_val_loss"], found["model_args"]["vocab_size"]) == (7, 1.25, 5)


# --- files ------------------------------------------------------------------------------------------------------------


def numbers(array):
    return {"shape": list(np.shape(array)), "data": [float(x) for x in np.ravel(array)]}


def files():
    """Name and bytes of each file that can be made here."""
    found = {}
    if CategoricalHMM:
        out = io.BytesIO()
        np.savez(out, **arrays())
        found |= {"arrays.npz": out.getvalue()}
        found |= {f"protocol-{protocol}.pkl": pickled(protocol) for protocol in PROTOCOLS}
        found |= {f"model-{protocol}.pkl": pickle.dumps(model(hidden=False), protocol=protocol) for protocol in PROTOCOLS}
        found |= {"hidden.pkl": pickle.dumps(model(hidden=True)), "meta.pkl": pickle.dumps({"vocab_size": 11})}
    if torch:
        found |= {"views.pt": torch_file(views()), "checkpoint.pt": torch_file(checkpoint())}
        found |= {"module.pt": torch_file(torch.nn.Linear(1, 1))}
        legacy = io.BytesIO()
        torch.save({"w": torch.zeros(1)}, legacy, _use_new_zipfile_serialization=False)
        found |= {"legacy.pt": legacy.getvalue()}
    content = {name: {key: numbers(array) for key, array in made().items()} for name, made in [("arrays", arrays), ("views", expected_views)]}
    return found | {"expected.json": (json.dumps(content, separators=(",", ":")) + "\n").encode()}


def equal(now, then):
    """Whether two values are of one kind and hold the same, whatever way they were written."""
    if type(now) is not type(then):
        return False
    if isinstance(now, np.ndarray):
        return now.dtype == then.dtype and now.shape == then.shape and (now == then).all()
    if isinstance(now, dict):
        return list(now) == list(then) and all(equal(now[key], then[key]) for key in now)
    if isinstance(now, (list, tuple, collections.deque)):
        return len(now) == len(then) and all(map(equal, now, then))
    return equal(vars(now), vars(then)) if hasattr(now, "__dict__") else now == then


def read(name, data):
    """What a file holds; how it is written changes with versions of Python and NumPy."""
    if name.endswith(".pkl"):
        return pickle.loads(data)
    return dict(np.load(io.BytesIO(data))) if name.endswith(".npz") else data


def main():
    made = files()
    if "--check" not in sys.argv[1:]:
        FOLDER.mkdir(exist_ok=True)
        [(FOLDER / name).write_bytes(data) for name, data in made.items()]
        return print(f"wrote {sorted(made)}")
    compared = [name for name in made if not name.endswith(".pt")]
    wrong = [name for name in compared if not equal(read(name, made[name]), read(name, (FOLDER / name).read_bytes()))]
    if wrong:
        sys.exit(f"these files differ from what is made now: {wrong}")
    check_torch_files()
    print("oracles agree")


main()
