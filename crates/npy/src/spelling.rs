//! The names of `f32` and `f64` that `numpy.dtype` takes, and with it `numpy.load`.
//!
//! Separate because there are many, after rules of their own; `tests/data/headers.json` is what NumPy says to each.

use crate::literal::Value;

/// A type of elements: how many bytes each has, and whether the first of them is the most significant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Elements {
    pub(crate) size: usize,
    pub(crate) big_endian: bool,
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

/// `f4`, `<f8`, `>d`, `float32`.
fn plain(text: &str) -> Option<Elements> {
    let native = cfg!(target_endian = "big");
    let (big_endian, name) = match text.split_at_checked(1)? {
        ("<", name) => (false, name),
        (">", name) => (true, name),
        ("=" | "|", name) => (native, name),
        _ => (native, text),
    };
    let size = match (text, name) {
        // Without a byte order only.
        ("float32" | "single", _) => 4,
        ("float64" | "double" | "float", _) => 8,
        // The characters are the numbers that NumPy has for them inside.
        (_, "f" | "\x0b") => 4,
        (_, "d" | "\x0c") => 8,
        // The number is read as by strtol of C.
        (_, name) => {
            let number = name.strip_prefix('f')?;
            let number = number.trim_start_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r']);
            let digits = number.strip_prefix('+').unwrap_or(number);
            match digits.trim_start_matches('0') {
                "4" => 4,
                "8" => 8,
                _ => return None,
            }
        }
    };
    Some(Elements { size, big_endian })
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
