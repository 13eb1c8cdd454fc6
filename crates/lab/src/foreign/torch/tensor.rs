//! Tensors as pickles describe them.

use crate::foreign::Fault;
use crate::foreign::pickle::{Node, Value};
use crate::foreign::scalar::Scalar;
use crate::foreign::strided::View;
use crate::weights_file::shown;

/// More axes than any tensor that is read has.
const DIMENSIONS: usize = 64;
/// How many calls deep a tensor may be wrapped.
const WRAPPINGS: usize = 4;

/// A view of a storage.
#[derive(Debug)]
pub(super) struct Stored<'a> {
    pub(super) scalar: Scalar,
    /// The storage's name in the archive.
    pub(super) key: &'a str,
    /// How many elements the storage has.
    pub(super) elements: usize,
    offset: usize,
    pub(super) shape: Vec<usize>,
    strides: Vec<usize>,
}

impl<'a> Stored<'a> {
    /// Whether a node describes a tensor.
    pub(super) fn is_one(node: Node) -> bool {
        unwrapped(node).is_some()
    }

    pub(super) fn find(node: Node<'a>) -> Result<Stored<'a>, Fault> {
        let arguments = unwrapped(node).ok_or("is no tensor")?;
        let malformed =
            || Fault(format!("is described in no known way, at byte {} of its data.pkl", arguments.offset()));
        let mut arguments = arguments.items().ok_or_else(malformed)?;
        let [Some(storage), Some(offset), Some(shape), Some(strides)] = [(); 4].map(|()| arguments.next()) else {
            return Err(malformed());
        };
        let Value::Persistent(id) = storage.value() else { return Err(malformed()) };
        let [kind, storage, key, _, elements] = id.tuple().ok_or_else(malformed)?;
        let (Some("storage"), Value::Global(storage)) = (kind.text(), storage.value()) else { return Err(malformed()) };
        let stored = || {
            Some(Stored {
                scalar: scalar(storage)?,
                key: key.text()?,
                elements: elements.size()?,
                offset: offset.size()?,
                shape: shape.sizes(DIMENSIONS)?,
                strides: strides.sizes(DIMENSIONS)?,
            })
        };
        stored().ok_or_else(|| {
            Fault(format!("is of {}, or of no shape, strides and place that are known", shown(storage, 60)))
        })
    }

    pub(super) fn view<'b>(&'b self, raw: &'b [u8]) -> Result<View<'b>, Fault> {
        View::new(self.scalar, raw, self.offset, &self.shape, &self.strides)
    }
}

/// The arguments of the call that makes the tensor: `(storage, offset, shape, strides, …)`, inside parameters and subclasses.
fn unwrapped(mut node: Node) -> Option<Node> {
    for _ in 0..WRAPPINGS {
        let Value::Object(object) = node.value() else { return None };
        match object.function {
            "torch._utils._rebuild_tensor" | "torch._utils._rebuild_tensor_v2" => return Some(object.arguments),
            "torch._utils._rebuild_parameter" | "torch._utils._rebuild_parameter_with_state" => {
                node = object.arguments.items()?.next()?;
            }
            "torch._tensor._rebuild_from_type_v2" => {
                let [function, _, arguments, _] = object.arguments.tuple()?;
                let Value::Global("torch._utils._rebuild_tensor" | "torch._utils._rebuild_tensor_v2") =
                    function.value()
                else {
                    return None;
                };
                return Some(arguments);
            }
            _ => return None,
        }
    }
    None
}

fn scalar(storage: &str) -> Option<Scalar> {
    Some(match storage {
        "torch.DoubleStorage" => Scalar::F64,
        "torch.FloatStorage" => Scalar::F32,
        "torch.HalfStorage" => Scalar::F16,
        "torch.BFloat16Storage" => Scalar::BF16,
        "torch.LongStorage" => Scalar::I64,
        "torch.IntStorage" => Scalar::I32,
        "torch.ShortStorage" => Scalar::I16,
        "torch.CharStorage" => Scalar::I8,
        "torch.ByteStorage" => Scalar::U8,
        "torch.BoolStorage" => Scalar::Bool,
        _ => return None,
    })
}
