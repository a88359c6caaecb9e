//! What XLA calls handlers with: the structures of `xla/ffi/api/c_api.h`, which comes with jaxlib, as far as they are used here.
//!
//! Only fields and functions that have been there since version 0.1 of the interface are. Later versions add fields behind them, so
//! structures that XLA makes may be larger than these. Each begins with its size, as XLA has it. Nothing here knows what a handler does.

use std::ffi::{c_char, c_int, c_void};

/// The version of the interface that this is.
pub(super) const VERSION: (c_int, c_int) = (0, 1);

/// `XLA_FFI_Extension_Base`.
#[repr(C)]
pub(super) struct Extension {
    pub(super) struct_size: usize,
    pub(super) kind: c_int,
    pub(super) next: *mut Self,
}

/// `XLA_FFI_Extension_Metadata`, the `kind` of a [`MetadataExtension`].
pub(super) const METADATA: c_int = 1;

/// `XLA_FFI_Metadata_Extension`.
#[repr(C)]
pub(super) struct MetadataExtension {
    pub(super) base: Extension,
    pub(super) metadata: *mut Metadata,
}

/// `XLA_FFI_Metadata`. XLA asks a handler to fill it in.
#[repr(C)]
pub(super) struct Metadata {
    pub(super) struct_size: usize,
    pub(super) version: Version,
    pub(super) traits: u32,
}

/// `XLA_FFI_Api_Version`.
#[repr(C)]
pub(super) struct Version {
    pub(super) struct_size: usize,
    pub(super) extension: *mut Extension,
    pub(super) major: c_int,
    pub(super) minor: c_int,
}

/// `XLA_FFI_Error`, which is XLA's.
#[repr(C)]
pub(super) struct Error {
    _private: [u8; 0],
}

/// The values of `XLA_FFI_Error_Code` that are used.
pub(super) const INVALID_ARGUMENT: c_int = 3;
pub(super) const INTERNAL: c_int = 13;

/// `XLA_FFI_Error_Create_Args`.
#[repr(C)]
pub(super) struct ErrorCreateArgs {
    pub(super) struct_size: usize,
    pub(super) extension: *mut Extension,
    pub(super) message: *const c_char,
    pub(super) code: c_int,
}

/// `XLA_FFI_Api`, up to the first of its functions.
#[repr(C)]
pub(super) struct Api {
    pub(super) struct_size: usize,
    pub(super) extension: *mut Extension,
    pub(super) version: Version,
    pub(super) internal: *const c_void,
    pub(super) error_create: Option<unsafe extern "C" fn(*mut ErrorCreateArgs) -> *mut Error>,
}

/// The values of `XLA_FFI_DataType` that are used.
pub(super) const S64: c_int = 5;
pub(super) const F16: c_int = 10;
pub(super) const F32: c_int = 11;
pub(super) const F64: c_int = 12;
pub(super) const BF16: c_int = 16;

/// `XLA_FFI_Buffer`: dense elements, the last axis fastest.
#[repr(C)]
pub(super) struct Buffer {
    pub(super) struct_size: usize,
    pub(super) extension: *mut Extension,
    pub(super) dtype: c_int,
    pub(super) data: *mut c_void,
    pub(super) rank: i64,
    pub(super) dims: *const i64,
}

/// `XLA_FFI_ArgType_BUFFER` and `XLA_FFI_RetType_BUFFER`.
pub(super) const BUFFER: c_int = 1;

/// `XLA_FFI_Args` and `XLA_FFI_Rets`, which are alike.
#[repr(C)]
pub(super) struct Operands {
    pub(super) struct_size: usize,
    pub(super) extension: *mut Extension,
    pub(super) size: i64,
    pub(super) types: *const c_int,
    pub(super) operands: *const *mut c_void,
}

/// The values of `XLA_FFI_AttrType` that are used.
pub(super) const ARRAY: c_int = 1;
pub(super) const STRING: c_int = 4;

/// `XLA_FFI_ByteSpan`.
#[repr(C)]
pub(super) struct ByteSpan {
    pub(super) data: *const u8,
    pub(super) len: usize,
}

/// `XLA_FFI_Array`.
#[repr(C)]
pub(super) struct Array {
    pub(super) dtype: c_int,
    pub(super) size: usize,
    pub(super) data: *const c_void,
}

/// `XLA_FFI_Attrs`.
#[repr(C)]
pub(super) struct Attributes {
    pub(super) struct_size: usize,
    pub(super) extension: *mut Extension,
    pub(super) size: i64,
    pub(super) types: *const c_int,
    pub(super) names: *const *const ByteSpan,
    pub(super) attributes: *const *mut c_void,
}

/// `XLA_FFI_ExecutionStage_EXECUTE`.
pub(super) const EXECUTE: c_int = 3;

/// `XLA_FFI_CallFrame`, up to the attributes.
#[repr(C)]
pub(super) struct CallFrame {
    pub(super) struct_size: usize,
    pub(super) extension: *mut Extension,
    pub(super) api: *const Api,
    pub(super) context: *mut c_void,
    pub(super) stage: c_int,
    pub(super) inputs: Operands,
    pub(super) outputs: Operands,
    pub(super) attributes: Attributes,
}
