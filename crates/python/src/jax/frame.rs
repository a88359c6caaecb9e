//! A call by XLA, looked at: its buffers and attributes, each checked before it is read.
//!
//! The one place that follows XLA's pointers. Nothing here knows an operation.

use std::ffi::{CString, c_int, c_void};
use std::ptr::null_mut;
use std::slice;

use super::ffi;
use super::problem::Problem;

/// What XLA calls a handler with.
pub(super) struct Frame<'a>(&'a ffi::CallFrame);

/// Dense elements, the last axis fastest.
#[derive(Clone, Copy)]
pub(super) struct Buffer<'a> {
    pub(super) dtype: c_int,
    pub(super) data: *mut u8,
    pub(super) shape: &'a [i64],
}

impl Buffer<'_> {
    pub(super) const NONE: Self = Self {
        dtype: 0,
        data: null_mut(),
        shape: &[],
    };
}

impl<'a> Frame<'a> {
    /// # Safety
    /// XLA made the frame, and keeps it and all that it points to for `'a`.
    pub(super) unsafe fn new(frame: *const ffi::CallFrame) -> Option<Self> {
        // SAFETY: the caller promises it.
        unsafe { frame.as_ref() }.map(Self)
    }

    /// Whether XLA only asks what the handler is; it is told.
    pub(super) fn is_question(&self) -> bool {
        let extension = self.0.extension.cast::<ffi::MetadataExtension>();
        // SAFETY: every extension begins with this, and the frame has it from XLA.
        let Some(base) = (unsafe { self.0.extension.as_ref() }) else {
            return false;
        };
        if base.kind != ffi::METADATA || base.struct_size < size_of::<ffi::MetadataExtension>() {
            return false;
        }
        // SAFETY: an extension of this kind has that type.
        let metadata = unsafe { (*extension).metadata };
        // SAFETY: XLA has it for the handler to write to, and nobody else uses it meanwhile.
        if let Some(metadata) = unsafe { metadata.as_mut() } {
            (metadata.version.major, metadata.version.minor) = ffi::VERSION;
            metadata.traits = 0;
        }
        true
    }

    /// Whether this is a call to compute, by an interface whose structures have all that is read here.
    pub(super) fn check(&self) -> Result<(), Problem> {
        let frame = self.0;
        known::<ffi::CallFrame>("call frame", frame.struct_size)?;
        known::<ffi::Operands>("arguments", frame.inputs.struct_size)?;
        known::<ffi::Operands>("results", frame.outputs.struct_size)?;
        known::<ffi::Attributes>("attributes", frame.attributes.struct_size)?;
        if frame.stage == ffi::EXECUTE {
            Ok(())
        } else {
            Err(Problem::Stage { got: frame.stage })
        }
    }

    /// Looks at the buffers to read, of which there must be as many as `places`.
    pub(super) fn inputs(&self, places: &mut [Buffer<'a>]) -> Result<(), Problem> {
        buffers("arguments", &self.0.inputs, places)
    }

    /// Looks at the buffers to write to, of which there must be as many as `places`.
    pub(super) fn outputs(&self, places: &mut [Buffer<'a>]) -> Result<(), Problem> {
        buffers("results", &self.0.outputs, places)
    }

    /// The text of an attribute.
    pub(super) fn text(&self, name: &'static str) -> Result<&'a [u8], Problem> {
        let attribute = self.attribute(name, ffi::STRING)?;
        // SAFETY: an attribute of this type is a span, or missing.
        let span = unsafe { attribute.cast::<ffi::ByteSpan>().as_ref() };
        Ok(span.map_or(&[], bytes))
    }

    /// The numbers of an attribute, of which there must be so many.
    pub(super) fn numbers(&self, name: &'static str, count: usize) -> Result<&'a [i64], Problem> {
        let attribute = self.attribute(name, ffi::ARRAY)?;
        // SAFETY: an attribute of this type is an array, or missing.
        let array = unsafe { attribute.cast::<ffi::Array>().as_ref() };
        let is_right = |array: &&ffi::Array| array.dtype == ffi::S64 && array.size == count;
        let array = array.filter(is_right).ok_or(Problem::Attribute { name })?;
        // SAFETY: it has so many elements, of this type.
        Ok(unsafe { elements(array.data.cast(), count) })
    }

    /// The attribute of this name and type; null if XLA has it so.
    fn attribute(&self, name: &'static str, kind: c_int) -> Result<*const c_void, Problem> {
        let all = &self.0.attributes;
        let len = usize::try_from(all.size).unwrap_or(0);
        // SAFETY: there are so many names, each a pointer to a span,
        let names = unsafe { elements(all.names, len) };
        // SAFETY: and as many types,
        let kinds = unsafe { elements(all.types, len) };
        // SAFETY: and as many attributes.
        let attributes = unsafe { elements(all.attributes, len) };
        let is_named = |span: &&*const ffi::ByteSpan| {
            // SAFETY: the span is XLA's, or missing.
            unsafe { span.as_ref() }.is_some_and(|span| bytes(span) == name.as_bytes())
        };
        let place = names.iter().position(|span| is_named(&span));
        match place {
            Some(place) if kinds[place] == kind => Ok(attributes[place].cast_const()),
            _ => Err(Problem::Attribute { name }),
        }
    }

    /// The error as XLA wants it. Without a way to make one nobody would hear of it: the process is aborted.
    pub(super) fn error(&self, problem: &Problem) -> *mut ffi::Error {
        let message = CString::new(problem.to_string()).unwrap_or_default();
        let mut args = ffi::ErrorCreateArgs {
            struct_size: size_of::<ffi::ErrorCreateArgs>(),
            extension: null_mut(),
            message: message.as_ptr(),
            code: problem.code(),
        };
        // SAFETY: every call has the interface of XLA.
        let create = unsafe { self.0.api.as_ref() }.and_then(|api| api.error_create);
        // SAFETY: this is what it wants; it copies the message.
        create.map_or_else(
            || std::process::abort(),
            |create| unsafe { create(&mut args) },
        )
    }
}

/// Whether a structure of XLA has all the fields of this one. (C counts no bytes behind the last field.)
fn known<T>(what: &'static str, got: usize) -> Result<(), Problem> {
    let expected = size_of::<T>();
    if got >= expected {
        Ok(())
    } else {
        Err(Problem::Size {
            what,
            expected,
            got,
        })
    }
}

fn buffers<'a>(
    what: &'static str,
    operands: &'a ffi::Operands,
    places: &mut [Buffer<'a>],
) -> Result<(), Problem> {
    let (expected, got) = (places.len(), usize::try_from(operands.size).unwrap_or(0));
    if expected != got {
        return Err(Problem::Count {
            what,
            expected,
            got,
        });
    }
    // SAFETY: there are so many types,
    let kinds = unsafe { elements(operands.types, got) };
    // SAFETY: and as many operands.
    let all = unsafe { elements(operands.operands, got) };
    for ((place, kind), operand) in places.iter_mut().zip(kinds).zip(all) {
        if *kind != ffi::BUFFER {
            return Err(Problem::NoBuffer { what });
        }
        // SAFETY: an operand of this type is a buffer, or missing.
        let given = unsafe { operand.cast::<ffi::Buffer>().as_ref() };
        let given = given.ok_or(Problem::NoBuffer { what })?;
        known::<ffi::Buffer>("buffer", given.struct_size)?;
        let rank = usize::try_from(given.rank).unwrap_or(0);
        *place = Buffer {
            dtype: given.dtype,
            data: given.data.cast(),
            // SAFETY: there are so many lengths of axes.
            shape: unsafe { elements(given.dims, rank) },
        };
    }
    Ok(())
}

fn bytes(span: &ffi::ByteSpan) -> &[u8] {
    // SAFETY: a span is so many bytes, which live as long as it.
    unsafe { elements(span.data, span.len) }
}

/// As many elements as there are; none where XLA has null.
///
/// # Safety
/// From there on are so many elements, which live and are not written to for `'a`, or it is null.
unsafe fn elements<'a, T>(first: *const T, len: usize) -> &'a [T] {
    if first.is_null() || len == 0 {
        return &[];
    }
    // SAFETY: the caller promises it.
    unsafe { slice::from_raw_parts(first, len) }
}
