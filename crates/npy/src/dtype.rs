//! The types of elements, integers and floating-point numbers of every width, and how NumPy promotes them.
//!
//! Separate because files, operands and whoever computes with them all speak of it; it knows nothing of bytes.

use core::fmt;

use crosslane::Element;
use half::f16;
use npyz::{AutoSerialize, Deserialize};
use num_traits::NumCast;

/// What a component can be, in the library and in a file.
pub trait Component: Element + Deserialize + AutoSerialize + NumCast {
    /// The type as a value.
    const DTYPE: Dtype;
}

/// Work that is written once for all types of components; [`Dtype::with`] runs it for one.
pub trait PerComponent {
    /// What the work returns, whatever the type.
    type Output;
    /// The work.
    fn run<T: Component>(self) -> Self::Output;
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Signed,
    Unsigned,
    Float,
}

macro_rules! dtypes {
    ($($variant:ident, $t:ident, $kind:ident, $name:literal;)*) => {
        /// The type of the elements of an array, byte order left aside.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the names say it")]
        pub enum Dtype { $($variant,)* }

        impl Dtype {
            /// Every type.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// As NumPy calls it.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The bytes of an element.
            pub fn size(self) -> usize {
                match self { $(Self::$variant => size_of::<$t>(),)* }
            }

            /// Runs `work` for this type.
            pub fn with<W: PerComponent>(self, work: W) -> W::Output {
                match self { $(Self::$variant => work.run::<$t>(),)* }
            }

            fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)* }
            }
        }

        $(impl Component for $t { const DTYPE: Dtype = Dtype::$variant; })*
    };
}

dtypes! {
    Int8, i8, Signed, "int8";
    Int16, i16, Signed, "int16";
    Int32, i32, Signed, "int32";
    Int64, i64, Signed, "int64";
    Uint8, u8, Unsigned, "uint8";
    Uint16, u16, Unsigned, "uint16";
    Uint32, u32, Unsigned, "uint32";
    Uint64, u64, Unsigned, "uint64";
    Float16, f16, Float, "float16";
    Float32, f32, Float, "float32";
    Float64, f64, Float, "float64";
}

impl Dtype {
    /// Whether it is one of the integers, whose arithmetic wraps.
    pub fn is_integer(self) -> bool {
        self.kind() != Kind::Float
    }

    /// Its kind and size, as in a header: `f4`.
    pub(crate) fn code(self) -> String {
        let kind = match self.kind() {
            Kind::Signed => 'i',
            Kind::Unsigned => 'u',
            Kind::Float => 'f',
        };
        format!("{kind}{}", self.size())
    }

    /// The type to which NumPy promotes this type and others (`numpy.result_type`).
    ///
    /// ```
    /// use crosslane_npy::Dtype::{Float16, Float32, Float64, Int8, Int16, Int64, Uint8, Uint64};
    ///
    /// assert_eq!(Int8.promote(&[Uint8]), Int16);
    /// assert_eq!(Int64.promote(&[Uint64]), Float64);
    /// assert_eq!(Int16.promote(&[Float16]), Float32);
    /// assert_eq!(Int8.promote(&[Uint8, Float16]), Float16);
    /// ```
    pub fn promote(self, others: &[Self]) -> Self {
        let widest = |kind| {
            let of_kind = others.iter().chain([&self]).filter(|d| d.kind() == kind);
            of_kind.map(|dtype| dtype.size()).max().unwrap_or(0)
        };
        let [signed, unsigned, float] = [Kind::Signed, Kind::Unsigned, Kind::Float].map(widest);
        let (kind, size) = match (signed, unsigned, float) {
            (_, 0, 0) => (Kind::Signed, signed),
            (0, _, 0) => (Kind::Unsigned, unsigned),
            // A signed integer holds every value of an unsigned one of half its width.
            (.., 0) => (Kind::Signed, signed.max(2 * unsigned)),
            // A float of twice the width holds every value of an integer.
            _ => (Kind::Float, float.max(2 * signed.max(unsigned))),
        };
        // There is no wider type.
        Self::of(kind, size).unwrap_or(Self::Float64)
    }

    /// The type of this kind and size, if there is one.
    pub(crate) fn of(kind: Kind, size: usize) -> Option<Self> {
        let is_it = |dtype: &&Self| dtype.kind() == kind && dtype.size() == size;
        Self::ALL.iter().find(is_it).copied()
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
