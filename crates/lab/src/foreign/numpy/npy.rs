//! The `.npy` format: 6 bytes of magic, a version, the length of the header, the header, the numbers. The header is a Python
//! dict of `descr`, `fortran_order` and `shape`.

use super::{Array, ArrayView, DIMENSIONS, Form, Numbers};
use crate::foreign::Fault;
use crate::foreign::budget::Budget;
use crate::foreign::scalar::Scalar;
use crate::weights_file::shown;

const MAGIC: &[u8; 6] = b"\x93NUMPY";

pub(super) fn decode(file: &[u8], budget: &mut Budget) -> Result<Array, Fault> {
    let short = || Fault(format!("is cut off, or no .npy: it has {} bytes", file.len()));
    let rest = file.strip_prefix(MAGIC).ok_or("does not begin as a .npy does")?;
    let ([major, _], rest) = rest.split_first_chunk::<2>().ok_or_else(short)?;
    let (length, rest) = match major {
        1 => rest.split_first_chunk().map(|(length, rest)| (usize::from(u16::from_le_bytes(*length)), rest)),
        2 | 3 => rest.split_first_chunk().map(|(length, rest)| (u32::from_le_bytes(*length) as usize, rest)),
        other => return Err(Fault(format!("is of version {other}, of at most 3"))),
    }
    .ok_or_else(short)?;
    let (header, raw) = rest.split_at_checked(length).ok_or_else(short)?;
    let text = str::from_utf8(header).map_err(|_| "has a header that is no text")?;
    let form = Header(text).read().ok_or_else(|| Fault(format!("has the header `{}`", shown(text.trim(), 100))))??;
    form.read(raw, budget)
}

pub(super) fn encode(ArrayView { shape, numbers }: &ArrayView<'_>) -> Vec<u8> {
    let (kind, count) = match numbers {
        Numbers::F64(numbers) => ("<f8", numbers.len()),
        Numbers::F32(numbers) => ("<f4", numbers.len()),
        Numbers::U8(numbers) => ("|u1", numbers.len()),
    };
    assert_eq!(shape.iter().product::<usize>(), count, "an array fills its shape");
    let shape: String = shape.iter().map(|length| format!("{length}, ")).collect();
    let mut header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({}), }}", shape.trim_end());
    // The numbers start at a multiple of 64 bytes; the header ends with a line break.
    let filled = (MAGIC.len() + 4 + header.len() + 1).next_multiple_of(64) - MAGIC.len() - 4;
    header.extend(std::iter::repeat_n(' ', filled - header.len() - 1).chain(['\n']));
    let length = u16::try_from(header.len()).expect("at most a few lengths").to_le_bytes();
    let mut bytes = [&MAGIC[..], &[1, 0], &length, header.as_bytes()].concat();
    match numbers {
        Numbers::F64(numbers) => bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes())),
        Numbers::F32(numbers) => bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes())),
        Numbers::U8(numbers) => bytes.extend_from_slice(numbers),
    }
    bytes
}

/// The kind of numbers of a code such as `f8`, after its order of bytes.
pub(super) fn kind(order: &str, code: &str) -> Result<Scalar, Fault> {
    let scalar = match code {
        "f8" => Scalar::F64,
        "f4" => Scalar::F32,
        "f2" => Scalar::F16,
        "i8" => Scalar::I64,
        "i4" => Scalar::I32,
        "i2" => Scalar::I16,
        "i1" => Scalar::I8,
        "u8" => Scalar::U64,
        "u4" => Scalar::U32,
        "u2" => Scalar::U16,
        "u1" => Scalar::U8,
        "b1" => Scalar::Bool,
        other => return Err(Fault(format!("is of `{}`, which is no kind of real numbers", shown(other, 30)))),
    };
    match order {
        "<" | "|" => Ok(scalar),
        ">" => Err("is big-endian".into()),
        other => Err(Fault(format!("has the order of bytes `{}`", shown(other, 30)))),
    }
}

/// What is left of a header.
struct Header<'a>(&'a str);

impl<'a> Header<'a> {
    /// `None` where it is not written as NumPy writes it; an error where it is, but of another kind of array.
    fn read(mut self) -> Option<Result<Form, Fault>> {
        let (mut scalar, mut first_fastest, mut shape) = (None, None, None);
        self.skip("{")?;
        while self.skip("}").is_none() {
            let key = self.quoted()?;
            self.skip(":")?;
            let twice = match key {
                "descr" => scalar.replace(self.quoted()?).is_some(),
                "fortran_order" => first_fastest.replace(self.truth()?).is_some(),
                "shape" => shape.replace(self.lengths()?).is_some(),
                _ => return None,
            };
            if twice {
                return None;
            }
            if self.skip(",").is_none() {
                self.skip("}")?;
                break;
            }
        }
        let (first_fastest, shape) = (first_fastest?, shape?);
        let (order, code) = scalar?.split_at_checked(1)?;
        let rest_is_empty = self.0.trim().is_empty();
        rest_is_empty.then(|| kind(order, code).map(|scalar| Form { scalar, shape, first_fastest }))
    }

    fn skip(&mut self, token: &str) -> Option<()> {
        self.0 = self.0.trim_start().strip_prefix(token)?;
        Some(())
    }

    fn quoted(&mut self) -> Option<&'a str> {
        let quote = if self.skip("'").is_some() { '\'' } else { self.skip("\"").map(|()| '"')? };
        let (text, rest) = self.0.split_once(quote)?;
        self.0 = rest;
        Some(text)
    }

    fn truth(&mut self) -> Option<bool> {
        if self.skip("True").is_some() { Some(true) } else { self.skip("False").map(|()| false) }
    }

    /// `(2, 3)`, `(2,)`, `()`.
    fn lengths(&mut self) -> Option<Vec<usize>> {
        self.skip("(")?;
        let (inner, rest) = self.0.split_once(')')?;
        self.0 = rest;
        let inner = inner.trim();
        let inner = inner.strip_suffix(',').unwrap_or(inner);
        if inner.is_empty() {
            return Some(vec![]);
        }
        let lengths: Option<Vec<usize>> =
            inner.split(',').take(DIMENSIONS + 1).map(|text| text.trim().parse().ok()).collect();
        lengths.filter(|lengths| lengths.len() <= DIMENSIONS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, raw: &[u8]) -> Vec<u8> {
        [&MAGIC[..], &[1, 0], &(header.len() as u16).to_le_bytes(), header.as_bytes(), raw].concat()
    }

    fn read(header: &str, raw: &[u8]) -> Result<Array, String> {
        let file = file(header, raw);
        decode(&file, &mut Budget::new(file.len())).map_err(|fault| fault.0)
    }

    #[test]
    fn what_is_written_is_read() {
        for shape in [vec![], vec![3], vec![2, 3], vec![0, 4], vec![1, 1, 1, 2]] {
            let count = shape.iter().product();
            let array = Array { data: (0..count).map(|i| i as f64 / 3.0).collect(), shape };
            let file = encode(&array.view());
            assert_eq!(file.len() % 64, count * 8 % 64);
            assert_eq!(decode(&file, &mut Budget::new(file.len())).unwrap(), array);
            (0..file.len()).for_each(|end| assert!(decode(&file[..end], &mut Budget::new(end)).is_err(), "{end}"));
        }
    }

    #[test]
    fn headers_of_others_are_read() {
        let ones = |shape: &[usize]| Array { shape: shape.into(), data: vec![1.0; shape.iter().product()] };
        assert_eq!(read("{'descr': '|u1', 'fortran_order': True, 'shape': (4, )}    \n", &[1; 4]), Ok(ones(&[4])));
        assert_eq!(read("{\"shape\":(2,2),\"fortran_order\":False,\"descr\":\"|b1\"}", &[1; 4]), Ok(ones(&[2, 2])));
        let columns = read("{'descr': '<i2', 'fortran_order': True, 'shape': (2, 2), }\n", &[1, 0, 2, 0, 3, 0, 4, 0]);
        assert_eq!(columns, Ok(Array { shape: vec![2, 2], data: vec![1.0, 3.0, 2.0, 4.0] }));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (header, problem) in [
            ("{'descr': '>f8', 'fortran_order': False, 'shape': (1,)}", "is big-endian"),
            ("{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}", "`c8`, which is no kind"),
            ("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,)}", "has the header"),
            ("{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}", "reaches beyond"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", "8 bytes for 1 numbers"),
            ("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}", "has the header"),
            ("{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", "has the header"),
            ("{'descr': '<f8', 'fortran_order': False}", "has the header"),
            ("{'descr': '', 'fortran_order': False, 'shape': (1,)}", "has the header"),
            ("{'descr': 'é', 'fortran_order': False, 'shape': (1,)}", "has the header"),
            ("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}", "has the header"),
            ("{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999, 9999999999)}", "more than any memory"),
            ("", "has the header"),
        ] {
            let found = read(header, &[0; 8]).unwrap_err();
            assert!(found.contains(problem), "{header}: {found}");
        }
    }
}
