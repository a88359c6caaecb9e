//! Records of three equal fields, which are vectors: their names and where they are, from the 'descr' of a header.
//!
//! Separate because a record has rules that a number has not. Taken is what `numpy.save` writes: a list of (name, type) in the order
//! of the file. Padding is a field of type void without a name.

use crate::literal::Value;
use crate::spelling::{self, Elements};

/// The names of three fields.
pub type Names = [String; 3];

/// Three fields of one type in each element of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) names: Names,
    pub(crate) elements: Elements,
    /// How many bytes each field is after the beginning of the record.
    pub(crate) offsets: [usize; 3],
    /// Bytes from record to record.
    pub(crate) size: usize,
}

impl Record {
    /// The record that the value of 'descr' stands for, if it is one of these.
    pub(crate) fn parse(descr: &Value) -> Option<Self> {
        let Value::List(values) = descr else {
            return None;
        };
        let (mut fields, mut size) = (Vec::new(), 0_usize);
        for value in values {
            let (name, text) = field(value)?;
            let bytes = match padding(text) {
                Some(bytes) if name.is_empty() => bytes,
                _ => {
                    let elements = spelling::plain(text)?;
                    fields.push((name.to_owned(), elements, size));
                    elements.dtype.size()
                }
            };
            size = size.checked_add(bytes)?;
        }
        let [x, y, z] = <[_; 3]>::try_from(fields).ok()?;
        let (equal, distinct) = (
            x.1 == y.1 && x.1 == z.1,
            x.0 != y.0 && x.0 != z.0 && y.0 != z.0,
        );
        (equal && distinct).then_some(Self {
            elements: x.1,
            offsets: [x.2, y.2, z.2],
            names: [x.0, y.0, z.0],
            size,
        })
    }
}

/// The name and the type of a field. An empty name is refused except for padding, because NumPy replaces it, and a name with control
/// characters is refused, because a header that is written with them could not be read again.
fn field(value: &Value) -> Option<(&str, &str)> {
    let (Value::Tuple(values) | Value::List(values)) = value else {
        return None;
    };
    match &**values {
        [Value::Text(name), Value::Text(text)] => {
            let named = !name.is_empty() || padding(text).is_some();
            (named && !name.contains(char::is_control)).then_some((name, text))
        }
        _ => None,
    }
}

/// The bytes of a field of padding.
fn padding(text: &str) -> Option<usize> {
    let name = text.strip_prefix(['|', '<', '>', '=']).unwrap_or(text);
    match name.strip_prefix('V')? {
        "" => Some(0),
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok(),
        _ => None,
    }
}
