//! What is computed of vectors place by place, as a table: what an operation takes and gives, how it is called, and what
//! defines it. What goes through the table, tests and benches, has an operation as soon as that has a line here.

use crosslane::{Accuracy, Element, Engine, Error, Real, Vectors, VectorsMut, reference};

/// What an operand is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A batch of vectors.
    Vectors,
    /// A slice with a number for each vector.
    Numbers,
    /// The gradient of the operand of the same position: one vector, the sum, where that is broadcast.
    Gradient,
}

/// An operand that is read.
#[derive(Clone, Copy, Debug)]
pub enum Read<'a, T> {
    /// A batch of vectors.
    Vectors(Vectors<'a, T>),
    /// A number for each vector.
    Numbers(&'a [T]),
}

/// An operand that is written.
#[derive(Debug)]
pub enum Write<'a, T> {
    /// A batch of vectors.
    Vectors(VectorsMut<'a, T>),
    /// A number for each vector.
    Numbers(&'a mut [T]),
}

impl<'a, T: Element> Read<'a, T> {
    /// The vectors.
    ///
    /// # Panics
    /// If these are numbers.
    pub fn vectors(self) -> Vectors<'a, T> {
        match self {
            Self::Vectors(vectors) => vectors,
            Self::Numbers(_) => panic!("numbers are no vectors"),
        }
    }

    /// The numbers.
    ///
    /// # Panics
    /// If these are vectors.
    pub fn numbers(self) -> &'a [T] {
        match self {
            Self::Numbers(numbers) => numbers,
            Self::Vectors(_) => panic!("vectors are no numbers"),
        }
    }

    /// Vector `i`, or number `i` three times.
    ///
    /// # Panics
    /// If there is none.
    pub fn get(&self, i: usize) -> [T; 3] {
        match self {
            Self::Vectors(vectors) => vectors.get(i).expect("there is such a vector"),
            Self::Numbers(numbers) => [numbers[i]; 3],
        }
    }
}

impl<T: Element> Write<'_, T> {
    /// As [`Read::vectors`].
    ///
    /// # Panics
    /// If these are numbers.
    pub fn vectors(&mut self) -> VectorsMut<'_, T> {
        match self {
            Self::Vectors(vectors) => vectors.reborrow(),
            Self::Numbers(_) => panic!("numbers are no vectors"),
        }
    }

    /// As [`Read::numbers`].
    ///
    /// # Panics
    /// If these are vectors.
    pub fn numbers(&mut self) -> &mut [T] {
        match self {
            Self::Numbers(numbers) => numbers,
            Self::Vectors(_) => panic!("vectors are no numbers"),
        }
    }

    /// The same, to read.
    pub fn to_read(&self) -> Read<'_, T> {
        match self {
            Self::Vectors(vectors) => Read::Vectors(vectors.into()),
            Self::Numbers(numbers) => Read::Numbers(numbers),
        }
    }

    /// As [`Read::get`].
    ///
    /// # Panics
    /// If there is none.
    pub fn get(&self, i: usize) -> [T; 3] {
        self.to_read().get(i)
    }
}

/// A method of the engine. Panics if the operands are not those of the operation.
pub type Call<T> = for<'a> fn(&Engine, &[Read<'a, T>], &mut [Write<'a, T>]) -> Result<(), Error>;

/// A function of the reference, for one place; of a number all three components are the same.
pub type Define<T> = fn(&[[T; 3]], Accuracy) -> Vec<[T; 3]>;

/// An operation: names and kinds of its operands, in the order of its arguments.
#[derive(Clone, Copy, Debug)]
pub struct Operation<T> {
    /// That of the method.
    pub name: &'static str,
    /// What it reads.
    pub inputs: &'static [(&'static str, Kind)],
    /// What it writes.
    pub outputs: &'static [(&'static str, Kind)],
    /// The method of the engine.
    pub call: Call<T>,
    /// What defines it.
    pub define: Define<T>,
}

macro_rules! operations {
    ($(#[$doc:meta])* $all:ident of $element:ident; $($name:ident($($vector:ident),+ $(; $number:ident)?) -> $kind:ident $($output:ident),+;)+) => {
        $(#[$doc])*
        pub fn $all<T: $element>() -> Vec<Operation<T>> {
            vec![$(Operation {
                name: stringify!($name),
                inputs: &[$((stringify!($vector), Kind::Vectors),)+ $((stringify!($number), Kind::Numbers))?],
                outputs: &[$((stringify!($output), Kind::$kind)),+],
                call: |engine, inputs, outputs| {
                    let [$($vector,)+ $($number)?] = inputs else { panic!("{} inputs", inputs.len()) };
                    let [$($output),+] = outputs else { panic!("a number of outputs") };
                    engine.$name(
                        $($vector.vectors(),)+
                        $($number.numbers(),)?
                        $(operations!(write $kind $output)),+
                    )
                },
                define: |inputs, accuracy| {
                    let [$($vector,)+ $($number)?] = *inputs else { panic!("{} inputs", inputs.len()) };
                    let results = reference::$name($($vector,)+ $($number[0],)? accuracy);
                    operations!(results $kind results)
                },
            }),+]
        }
    };
    (write Numbers $output:ident) => { $output.numbers() };
    (write $kind:ident $output:ident) => { $output.vectors() };
    (results Numbers $x:ident) => { vec![[$x; 3]] };
    (results Vectors $v:ident) => { vec![$v] };
    (results Gradient $gradients:ident) => { $gradients.to_vec() };
}
operations! {
    /// The cross product itself, of every type.
    product of Element;
    cross(a, b) -> Vectors out;
}
operations! {
    /// What is derived from it, place by place. (Meshes have indices, and are not in the table.)
    operations of Real;
    dot(a, b) -> Numbers out;
    cross_norm(a, b) -> Numbers out;
    unit_normal(a, b) -> Vectors out;
    angle(a, b) -> Numbers out;
    scalar_triple(a, b, c) -> Numbers out;
    vector_triple(a, b, c) -> Vectors out;
    cross_jvp(a, b, da, db) -> Vectors out;
    cross_vjp(a, b, g) -> Gradient grad_a, grad_b;
    cross_vjp_vjp(a, b, g, va, vb) -> Gradient grad_a, grad_b, grad_g;
    cross_norm_vjp(a, b; g) -> Gradient grad_a, grad_b;
    unit_normal_vjp(a, b, g) -> Gradient grad_a, grad_b;
    angle_vjp(a, b; g) -> Gradient grad_a, grad_b;
    scalar_triple_vjp(a, b, c; g) -> Gradient grad_a, grad_b, grad_c;
}
