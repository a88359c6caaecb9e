//! The names of numbers that `numpy.dtype` takes, and with it `numpy.load`.
//!
//! Separate because there are many, after rules of their own; `tests/data/headers.json` is what NumPy says to each.

use core::ffi::{c_long, c_ulong};

use anyhow::Result;
use npyz::{DType, TypeStr};

use crate::dtype::{Component, Dtype, Kind};
use crate::literal::Value;

/// A type of elements, and whether the first byte of each is the most significant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Elements {
    pub(crate) dtype: Dtype,
    pub(crate) big_endian: bool,
}

impl Elements {
    /// Whether this CPU reads them as `T`.
    pub(crate) fn are<T: Component>(self) -> bool {
        let native = self.dtype.size() == 1 || self.big_endian == cfg!(target_endian = "big");
        native && self.dtype == T::DTYPE
    }

    /// The type as npyz has it.
    pub(crate) fn as_npyz(self) -> Result<DType> {
        let order = match self.big_endian {
            _ if self.dtype.size() == 1 => '|',
            true => '>',
            false => '<',
        };
        let name = format!("{order}{}", self.dtype.code());
        Ok(DType::new_scalar(name.parse::<TypeStr>()?))
    }
}

/// What the value of 'descr' stands for, if it is one of those types.
pub(crate) fn elements(descr: &Value) -> Option<Elements> {
    match descr {
        Value::Text(text) => repeated(text).or_else(|| plain(text)),
        // An array in each element, which has one element itself.
        Value::Tuple(values) => match &**values {
            [base, repeats, ..] if is_one(repeats) => elements(base),
            _ => None,
        },
        _ => None,
    }
}

/// `f4`, `<i8`, `>d`, `float32`.
pub(crate) fn plain(text: &str) -> Option<Elements> {
    let native = cfg!(target_endian = "big");
    let (big_endian, name) = match text.split_at_checked(1)? {
        ("<", name) => (false, name),
        (">", name) => (true, name),
        ("=" | "|", name) => (native, name),
        _ => (native, text),
    };
    // A word has no byte order before it.
    let dtype = word(text)
        .or_else(|| character(name))
        .or_else(|| sized(name))?;
    Some(Elements { dtype, big_endian })
}

/// Types by their names, some of which are those of C.
fn word(name: &str) -> Option<Dtype> {
    Some(match name {
        "int8" | "byte" => Dtype::Int8,
        "int16" | "short" => Dtype::Int16,
        "int32" | "intc" => Dtype::Int32,
        "int64" | "longlong" => Dtype::Int64,
        "uint8" | "ubyte" => Dtype::Uint8,
        "uint16" | "ushort" => Dtype::Uint16,
        "uint32" | "uintc" => Dtype::Uint32,
        "uint64" | "ulonglong" => Dtype::Uint64,
        "long" => c_long::DTYPE,
        "ulong" => c_ulong::DTYPE,
        "int" | "int_" | "intp" => pointer(Kind::Signed)?,
        "uint" | "uintp" => pointer(Kind::Unsigned)?,
        "float16" | "half" => Dtype::Float16,
        "float32" | "single" => Dtype::Float32,
        "float64" | "double" | "float" => Dtype::Float64,
        _ => return None,
    })
}

/// Types by a character, which may be the number that NumPy has for them inside.
fn character(name: &str) -> Option<Dtype> {
    Some(match name {
        "b" | "\x01" => Dtype::Int8,
        "B" | "\x02" => Dtype::Uint8,
        "h" | "\x03" => Dtype::Int16,
        "H" | "\x04" => Dtype::Uint16,
        "i" | "\x05" => Dtype::Int32,
        "I" | "\x06" => Dtype::Uint32,
        "l" | "\x07" => c_long::DTYPE,
        "L" | "\x08" => c_ulong::DTYPE,
        "q" | "\x09" => Dtype::Int64,
        "Q" | "\x0a" => Dtype::Uint64,
        "p" | "n" => pointer(Kind::Signed)?,
        "P" | "N" => pointer(Kind::Unsigned)?,
        "e" | "\x17" => Dtype::Float16,
        "f" | "\x0b" => Dtype::Float32,
        "d" | "\x0c" => Dtype::Float64,
        _ => return None,
    })
}

/// Types by a kind and a number of bytes, which is read as by strtol of C.
fn sized(name: &str) -> Option<Dtype> {
    let (kind, number) = name.split_at_checked(1)?;
    let kind = match kind {
        "i" => Kind::Signed,
        "u" => Kind::Unsigned,
        "f" => Kind::Float,
        _ => return None,
    };
    let number = number.trim_start_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r']);
    let digits = number.strip_prefix('+').unwrap_or(number);
    match digits.trim_start_matches('0') {
        size @ ("1" | "2" | "4" | "8") => Dtype::of(kind, size.parse().ok()?),
        _ => None,
    }
}

/// Integers as wide as an address.
fn pointer(kind: Kind) -> Option<Dtype> {
    Dtype::of(kind, size_of::<usize>())
}

/// `1f4`, `(1,)f4`, `()<f4`: an array in each element, which has one element itself.
fn repeated(text: &str) -> Option<Elements> {
    let is_order = |c: char| matches!(c, '<' | '>' | '=' | '|');
    let rest = text.strip_prefix(is_order).unwrap_or(text);
    // As NumPy finds out that it is of this kind.
    if !(rest.starts_with(|c: char| c.is_ascii_digit())
        || rest.starts_with("()")
        || text.contains(','))
    {
        return None;
    }
    let (order, name) = (&text[..text.len() - rest.len()], rest);
    let is_repeat = |c: char| matches!(c, ' ' | ',' | '(' | ')') || c.is_ascii_digit();
    let base = name.trim_start_matches(is_repeat);
    let repeats = &name[..name.len() - base.len()];
    if !is_one(&Value::parse(&format!("({repeats})"), false)?) {
        return None;
    }
    let base = base.trim_end();
    let inner = &base[..base.len() - base.trim_start_matches(is_order).len()];
    let native = if cfg!(target_endian = "big") {
        ">"
    } else {
        "<"
    };
    let meant = |order: &'static str| if order == "=" { native } else { order };
    let known = |order: &str| ["<", ">", "=", "|"].into_iter().find(|o| *o == order);
    let order = match (known(order), known(inner)) {
        (Some(outer), Some(inner)) if meant(outer) != meant(inner) => return None,
        (Some(order), _) | (None, Some(order)) => order,
        (None, None) if inner.is_empty() => "=",
        (None, None) => return None,
    };
    let name = &base[inner.len()..];
    if ["|", "=", native].contains(&order) {
        plain(name)
    } else {
        plain(&format!("{order}{name}"))
    }
}

/// Whether these lengths are those of an array of one element.
fn is_one(repeats: &Value) -> bool {
    let one = |value: &Value| matches!(value, Value::Integer { size: Some(1), .. });
    match repeats {
        Value::Tuple(lengths) => lengths.iter().all(one),
        Value::List(lengths) => !lengths.is_empty() && lengths.iter().all(one),
        Value::Text(text) => text.is_empty(),
        Value::Bytes { empty } => *empty,
        value => one(value),
    }
}
