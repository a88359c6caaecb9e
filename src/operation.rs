//! The operations, as a table: what each takes and gives, and what it is called. What goes through the table, programs, bindings,
//! benchmarks and tests, has an operation as soon as that has a row here.

use core::fmt;
use core::str::FromStr;

use crate::{Element, Error};

/// What an operand of an operation holds for each place of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A vector.
    Vector,
    /// A number.
    Scalar,
}

/// The names and kinds of the operands of one operation.
struct Row {
    name: &'static str,
    inputs: &'static [Kind],
    outputs: &'static [Kind],
    input_names: &'static [&'static str],
    output_names: &'static [&'static str],
    gradient_of: Option<Operation>,
}

/// Calls a macro with the table: for each operation its variant, the method of [`Engine`](crate::Engine) and the function of
/// [`reference`](mod@crate::reference), its inputs and its outputs; and of what it is the gradient.
///
/// All but the cross product itself are formulas, of the name of the variant.
macro_rules! table {
    ($call:ident) => {
        $call! {
            Dot, dot(a: Vector, b: Vector) -> (out: Scalar);
            CrossNorm, cross_norm(a: Vector, b: Vector) -> (out: Scalar);
            UnitNormal, unit_normal(a: Vector, b: Vector) -> (out: Vector);
            Angle, angle(a: Vector, b: Vector) -> (out: Scalar);
            ScalarTriple, scalar_triple(a: Vector, b: Vector, c: Vector) -> (out: Scalar);
            VectorTriple, vector_triple(a: Vector, b: Vector, c: Vector) -> (out: Vector);
            GatedCross, gated_cross(gate: Scalar, a: Vector, b: Vector) -> (out: Vector);
            CrossJvp, cross_jvp(a: Vector, b: Vector, da: Vector, db: Vector) -> (out: Vector);
            CrossVjp, cross_vjp(a: Vector, b: Vector, g: Vector)
                -> (grad_a: Vector, grad_b: Vector) of Cross;
            CrossVjpVjp, cross_vjp_vjp(a: Vector, b: Vector, g: Vector, va: Vector, vb: Vector)
                -> (grad_a: Vector, grad_b: Vector, grad_g: Vector) of CrossVjp;
            DotVjp, dot_vjp(a: Vector, b: Vector, g: Scalar)
                -> (grad_a: Vector, grad_b: Vector) of Dot;
            CrossNormVjp, cross_norm_vjp(a: Vector, b: Vector, g: Scalar)
                -> (grad_a: Vector, grad_b: Vector) of CrossNorm;
            UnitNormalVjp, unit_normal_vjp(a: Vector, b: Vector, g: Vector)
                -> (grad_a: Vector, grad_b: Vector) of UnitNormal;
            AngleVjp, angle_vjp(a: Vector, b: Vector, g: Scalar)
                -> (grad_a: Vector, grad_b: Vector) of Angle;
            ScalarTripleVjp, scalar_triple_vjp(a: Vector, b: Vector, c: Vector, g: Scalar)
                -> (grad_a: Vector, grad_b: Vector, grad_c: Vector) of ScalarTriple;
            VectorTripleVjp, vector_triple_vjp(a: Vector, b: Vector, c: Vector, g: Vector)
                -> (grad_a: Vector, grad_b: Vector, grad_c: Vector) of VectorTriple;
            GatedCrossVjp, gated_cross_vjp(gate: Scalar, a: Vector, b: Vector, g: Vector)
                -> (grad_gate: Scalar, grad_a: Vector, grad_b: Vector) of GatedCross;
        }
    };
}
pub(crate) use table;

macro_rules! operations {
    ($($variant:ident, $name:ident($($input:ident: $in_kind:ident),+) -> ($($output:ident: $out_kind:ident),+) $(of $source:ident)?;)+) => {
        /// What can be computed of batches, place by place: the methods of [`Engine`](crate::Engine) as values, for programs that are given the
        /// operation, and for bindings. ([`Engine::apply`](crate::Engine::apply) runs one. Meshes have indices, and are not here.)
        ///
        /// ```
        /// use crosslane::{Kind, Operation};
        ///
        /// for operation in Operation::ALL {
        ///     println!("{operation}({})", operation.input_names().join(", "));
        /// }
        /// assert_eq!(Operation::Dot.outputs(), [Kind::Scalar]);
        /// assert_eq!(Operation::CrossVjp.gradient_of(), Some(Operation::Cross));
        /// assert_eq!("unit_normal".parse(), Ok(Operation::UnitNormal));
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Operation {
            /// [`Engine::cross`](crate::Engine::cross).
            Cross,
            $(
                #[doc = concat!("[`Engine::", stringify!($name), "`](crate::Engine::", stringify!($name), ").")]
                $variant,
            )+
        }

        impl Operation {
            /// All of them.
            pub const ALL: &'static [Self] = &[Self::Cross, $(Self::$variant),+];

            fn row(self) -> &'static Row {
                match self {
                    Self::Cross => &Row {
                        name: "cross",
                        inputs: &[Kind::Vector; 2],
                        outputs: &[Kind::Vector],
                        input_names: &["a", "b"],
                        output_names: &["out"],
                        gradient_of: None,
                    },
                    $(Self::$variant => &Row {
                        name: stringify!($name),
                        inputs: &[$(Kind::$in_kind),+],
                        outputs: &[$(Kind::$out_kind),+],
                        input_names: &[$(stringify!($input)),+],
                        output_names: &[$(stringify!($output)),+],
                        gradient_of: operations!(source $($source)?),
                    },)+
                }
            }
        }
    };
    (source) => { None };
    (source $source:ident) => { Some(Operation::$source) };
}
table! { operations }

impl Operation {
    /// The name of the method, `cross_norm` say.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// What each input is.
    pub fn inputs(self) -> &'static [Kind] {
        self.row().inputs
    }

    /// What each output is.
    pub fn outputs(self) -> &'static [Kind] {
        self.row().outputs
    }

    /// What inputs are called, as the arguments of the method.
    pub fn input_names(self) -> &'static [&'static str] {
        self.row().input_names
    }

    /// What outputs are called.
    pub fn output_names(self) -> &'static [&'static str] {
        self.row().output_names
    }

    /// What it is, in a line.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Cross => "The cross product.",
            Self::Dot => "The dot product.",
            Self::CrossNorm => {
                "The length of the cross product: the area of the parallelogram of both vectors."
            }
            Self::UnitNormal => "The unit vector in the direction of the cross product.",
            Self::Angle => "The angle between both vectors, from 0 to pi, in radians.",
            Self::ScalarTriple => {
                "The scalar triple product: the volume of the parallelepiped of three vectors, with its sign."
            }
            Self::VectorTriple => "The vector triple product.",
            Self::GatedCross => {
                "The cross product times a number: a gated message of an equivariant network."
            }
            Self::CrossJvp => {
                "The derivative of the cross product in a direction (Jacobian-vector product, forward mode)."
            }
            Self::CrossVjp => {
                "The gradients of the cross product (vector-Jacobian product, reverse mode)."
            }
            Self::CrossVjpVjp => {
                "The gradients of the gradients of the cross product, for second derivatives."
            }
            Self::DotVjp => "The gradients of the dot product.",
            Self::CrossNormVjp => "The gradients of the length of the cross product.",
            Self::UnitNormalVjp => {
                "The gradients of the unit vector in the direction of the cross product."
            }
            Self::AngleVjp => "The gradients of the angle between both vectors.",
            Self::ScalarTripleVjp => "The gradients of the scalar triple product.",
            Self::VectorTripleVjp => "The gradients of the vector triple product.",
            Self::GatedCrossVjp => "The gradients of the cross product times a number.",
        }
    }

    /// Its formula, of plain characters; where there are several outputs, with their names.
    pub fn formula(self) -> &'static str {
        match self {
            Self::Cross => "a x b = (a2 b3 - a3 b2, a3 b1 - a1 b3, a1 b2 - a2 b1)",
            Self::Dot => "a . b = a1 b1 + a2 b2 + a3 b3",
            Self::CrossNorm => "|a x b|",
            Self::UnitNormal => "n = (a x b) / |a x b|, and zero where a x b is zero",
            Self::Angle => "atan2(|a x b|, a . b)",
            Self::ScalarTriple => "a . (b x c)",
            Self::VectorTriple => "a x (b x c)",
            Self::GatedCross => "gate (a x b)",
            Self::CrossJvp => "da x b + a x db",
            Self::CrossVjp => "grad_a = b x g, grad_b = g x a",
            Self::CrossVjpVjp => "grad_a = vb x g, grad_b = g x va, grad_g = va x b + a x vb",
            Self::DotVjp => "grad_a = g b, grad_b = g a",
            Self::CrossNormVjp => {
                "grad_a = g (b x n), grad_b = g (n x a), where n = (a x b) / |a x b|"
            }
            Self::UnitNormalVjp => {
                "grad_a = b x d, grad_b = d x a, where d = ((n x g) x n) / |a x b| and n = (a x b) / |a x b|"
            }
            Self::AngleVjp => {
                "grad_a = g (a x n) / |a|^2, grad_b = g (n x b) / |b|^2, where n = (a x b) / |a x b|"
            }
            Self::ScalarTripleVjp => "grad_a = g (b x c), grad_b = g (c x a), grad_c = g (a x b)",
            Self::VectorTripleVjp => {
                "grad_a = (b x c) x g, grad_b = c x (g x a), grad_c = (g x a) x b"
            }
            Self::GatedCrossVjp => {
                "grad_gate = g . (a x b), grad_a = gate (b x g), grad_b = gate (g x a)"
            }
        }
    }

    /// The operation whose gradient (vector-Jacobian product) this is, if it is one: output k is then the gradient of input k, and the
    /// input `g` has the shape that operands are broadcast to.
    pub fn gradient_of(self) -> Option<Self> {
        self.row().gradient_of
    }

    /// Whether the result is linear in each input while the others stay as they are: the derivative in the direction of one input is then
    /// the operation itself, with the direction in place of that input. (Of gradients this says nothing: it is `false`.)
    ///
    /// ```
    /// use crosslane::Operation;
    ///
    /// assert!(Operation::VectorTriple.is_multilinear());
    /// assert!(!Operation::CrossNorm.is_multilinear());
    /// ```
    pub fn is_multilinear(self) -> bool {
        matches!(
            self,
            Self::Cross | Self::Dot | Self::ScalarTriple | Self::VectorTriple | Self::GatedCross
        )
    }

    /// The operation that is the gradient of this one, if there is one.
    pub fn gradient(self) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|operation| operation.gradient_of() == Some(self))
    }

    /// Whether there is such an operation for this element: [`Cross`](Self::Cross) is for all of them, everything else for `f32`
    /// and `f64`.
    pub fn supports<T: Element>(self) -> bool {
        self == Self::Cross || T::IS_REAL
    }

    /// Whether it has so many inputs, or outputs.
    pub(crate) fn check_count(
        self,
        what: &'static str,
        expected: usize,
        got: usize,
    ) -> Result<(), Error> {
        let operation = self.name();
        if expected == got {
            return Ok(());
        }
        Err(Error::OperandCount {
            operation,
            what,
            expected,
            got,
        })
    }

    /// Whether there is this operation for this element.
    pub(crate) fn check_element<T: Element>(self) -> Result<(), Error> {
        if self.supports::<T>() {
            return Ok(());
        }
        Err(Error::Unsupported {
            operation: self.name(),
            element: core::any::type_name::<T>(),
        })
    }

    /// Which operand has the shape that all are broadcast to, counted from the first input on.
    pub(crate) fn common(self) -> usize {
        let inputs = self.input_names();
        match self.gradient_of() {
            Some(_) => inputs.iter().position(|name| *name == "g"),
            None => None,
        }
        .unwrap_or(inputs.len())
    }

    /// The name of an operand, counted from the first input on.
    pub(crate) fn operand(self, k: usize) -> &'static str {
        let (inputs, outputs) = (self.input_names(), self.output_names());
        inputs
            .iter()
            .chain(outputs)
            .nth(k)
            .copied()
            .unwrap_or("out")
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Operation {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let mut all = Self::ALL.iter().copied();
        all.find(|operation| operation.name() == name)
            .ok_or(Error::UnknownOperation)
    }
}
