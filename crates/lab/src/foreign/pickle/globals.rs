//! The names that a pickle may ask for. None is imported or called.

/// Modules that moved, and where they are now.
const MOVED: [(&str, &str); 5] = [
    ("__builtin__", "builtins"),
    ("copy_reg", "copyreg"),
    ("numpy.core.multiarray", "numpy._core.multiarray"),
    ("numpy.core.numeric", "numpy._core.numeric"),
    ("pathlib._local", "pathlib"),
];

/// Objects of these take keys and values.
const MAPPINGS: [&str; 2] = ["collections.OrderedDict", "collections.defaultdict"];

const NAMES: [&str; 60] = [
    "collections.OrderedDict",
    "collections.defaultdict",
    "collections.deque",
    "builtins.bytearray",
    "builtins.bytes",
    "builtins.complex",
    "builtins.dict",
    "builtins.float",
    "builtins.frozenset",
    "builtins.int",
    "builtins.list",
    "builtins.object",
    "builtins.set",
    "builtins.slice",
    "copyreg._reconstructor",
    "_codecs.encode",
    "argparse.Namespace",
    "pathlib.PosixPath",
    "pathlib.PurePosixPath",
    "pathlib.PureWindowsPath",
    "pathlib.WindowsPath",
    "numpy.dtype",
    "numpy.ndarray",
    "numpy._core.multiarray._reconstruct",
    "numpy._core.multiarray.scalar",
    "numpy._core.numeric._frombuffer",
    "numpy.random._mt19937.MT19937",
    "numpy.random._pickle.__bit_generator_ctor",
    "numpy.random._pickle.__randomstate_ctor",
    "hmmlearn.hmm.CategoricalHMM",
    "hmmlearn.base.ConvergenceMonitor",
    "torch.Size",
    "torch.Tensor",
    "torch.device",
    "torch.nn.parameter.Parameter",
    "torch._tensor._rebuild_from_type_v2",
    "torch._utils._rebuild_parameter",
    "torch._utils._rebuild_parameter_with_state",
    "torch._utils._rebuild_tensor",
    "torch._utils._rebuild_tensor_v2",
    "torch.BFloat16Storage",
    "torch.BoolStorage",
    "torch.ByteStorage",
    "torch.CharStorage",
    "torch.DoubleStorage",
    "torch.FloatStorage",
    "torch.HalfStorage",
    "torch.IntStorage",
    "torch.LongStorage",
    "torch.ShortStorage",
    "torch.bfloat16",
    "torch.bool",
    "torch.float16",
    "torch.float32",
    "torch.float64",
    "torch.int16",
    "torch.int32",
    "torch.int64",
    "torch.int8",
    "torch.uint8",
];

/// Where a name stands in the list.
pub(super) fn find(module: &str, name: &str) -> Option<u8> {
    let module = MOVED.iter().find(|(old, _)| *old == module).map_or(module, |(_, new)| new);
    let rest = |known: &str| known.strip_prefix(module)?.strip_prefix('.').map(|known| known == name);
    NAMES.iter().position(|known| rest(known) == Some(true)).map(|at| at as u8)
}

/// The whole name at a place.
pub(super) fn name(at: u8) -> &'static str {
    NAMES[usize::from(at)]
}

/// Whether its objects take keys and values.
pub(super) fn is_mapping(at: u8) -> bool {
    MAPPINGS.contains(&name(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_under_their_old_modules_too() {
        for (at, known) in NAMES.iter().enumerate() {
            let (module, last) = known.rsplit_once('.').unwrap();
            assert_eq!(find(module, last).map(usize::from), Some(at), "{known}");
        }
        assert_eq!(find("numpy.core.multiarray", "scalar").map(name), Some("numpy._core.multiarray.scalar"));
        for (module, name) in
            [("os", "system"), ("builtins", "eval"), ("builtins", "exec"), ("torch", ""), ("", "torch")]
        {
            assert_eq!(find(module, name), None, "{module}.{name}");
        }
    }
}
