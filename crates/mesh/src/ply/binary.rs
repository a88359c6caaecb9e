//! The elements of a PLY file that is binary, in either byte order.

use anyhow::{Context, Result, ensure};

use super::Wanted;
use super::header::{Element, Header, Kind, Type};
use crate::text::whole;

pub(super) struct Rows<'a, const BIG: bool> {
    rest: &'a [u8],
}

impl<'a, const BIG: bool> Rows<'a, BIG> {
    pub(super) fn new(header: &Header<'a>) -> Self {
        Self {
            rest: header.payload.rest(),
        }
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        let taken = self.rest.split_at_checked(len);
        let (taken, rest) = taken.context("truncated: the file ends before its end")?;
        self.rest = rest;
        Ok(taken)
    }

    fn take_list(&mut self, len: Type, item: Type, items: Option<&mut Vec<i64>>) -> Result<()> {
        let len = integer::<BIG>(self.take(len.size())?, len)?;
        let size = usize::try_from(len)
            .ok()
            .and_then(|len| len.checked_mul(item.size()));
        let size = size.with_context(|| format!("a list of {len} items, expected none or more"))?;
        let bytes = self.take(size)?;
        if let Some(items) = items {
            for bytes in bytes.chunks_exact(item.size()) {
                items.push(integer::<BIG>(bytes, item)?);
            }
        }
        Ok(())
    }
}

impl<'a, const BIG: bool> super::Rows<'a> for Rows<'a, BIG> {
    fn next(&mut self, element: &Element<'a>, wanted: &mut Wanted<'a, '_>) -> Result<()> {
        for (column, property) in element.properties.iter().enumerate() {
            match (property.kind, &mut *wanted) {
                (Kind::List(len, item), Wanted::List { at, items }) if *at == column => {
                    self.take_list(len, item, Some(items))?;
                }
                (Kind::List(len, item), _) => self.take_list(len, item, None)?,
                (Kind::Scalar(kind), Wanted::Position { at, value, .. }) => {
                    let bytes = self.take(kind.size())?;
                    for k in 0..3 {
                        if at[k] == column {
                            value[k] = real::<BIG>(bytes, kind);
                        }
                    }
                }
                (Kind::Scalar(kind), _) => drop(self.take(kind.size())?),
            }
        }
        Ok(())
    }

    fn skip_at_once(&mut self, element: &Element<'a>) -> Result<bool> {
        let size = |kind| match kind {
            Kind::Scalar(kind) => Some(kind.size()),
            Kind::List(..) => None,
        };
        let sizes = element.properties.iter().map(|p| size(p.kind));
        let Some(size) = sizes.sum::<Option<usize>>() else {
            return Ok(false);
        };
        // As many as there are were found to fit.
        self.take(size * element.count as usize).map(|_| true)
    }

    fn check_count(&self, element: &Element<'a>) -> Result<()> {
        let least = |kind| match kind {
            Kind::Scalar(kind) | Kind::List(kind, _) => kind.size(),
        };
        super::header::check_count(element, least, self.rest.len())
    }

    fn line(&self) -> Option<usize> {
        None
    }

    fn behind(&self) -> (usize, Option<usize>) {
        (self.rest.len(), None)
    }
}

/// The bytes, of which there are as many as the type has, as the lower ones of eight.
fn bits<const BIG: bool>(bytes: &[u8]) -> u64 {
    let mut eight = [0; 8];
    if BIG {
        eight[8 - bytes.len()..].copy_from_slice(bytes);
        u64::from_be_bytes(eight)
    } else {
        eight[..bytes.len()].copy_from_slice(bytes);
        u64::from_le_bytes(eight)
    }
}

fn real<const BIG: bool>(bytes: &[u8], kind: Type) -> f64 {
    let bits = bits::<BIG>(bytes);
    match kind {
        Type::I8 => (bits as i8).into(),
        Type::U8 => (bits as u8).into(),
        Type::I16 => (bits as i16).into(),
        Type::U16 => (bits as u16).into(),
        Type::I32 => (bits as i32).into(),
        Type::U32 => (bits as u32).into(),
        Type::I64 => bits as i64 as f64,
        Type::U64 => bits as f64,
        Type::F32 => f32::from_bits(bits as u32).into(),
        Type::F64 => f64::from_bits(bits),
    }
}

fn integer<const BIG: bool>(bytes: &[u8], kind: Type) -> Result<i64> {
    let bits = bits::<BIG>(bytes);
    match kind {
        Type::I64 => Ok(bits as i64),
        Type::U64 => {
            ensure!(
                bits <= i64::MAX as u64,
                "{bits}, expected an integer of less than 2^63"
            );
            Ok(bits as i64)
        }
        _ => {
            let value = real::<BIG>(bytes, kind);
            whole(value).with_context(|| format!("{value}, expected a whole number"))
        }
    }
}
