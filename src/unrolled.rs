//! Loops that are written out.

/// Runs a block for each of the numbers below `N`, a constant of 6 at most, one after the other.
///
/// A loop would end as the same machine code, where the compiler finds it short enough to write out; here it has nothing to find. All that
/// goes through the hands of each operation is compiled for each level and type, and half of the time went into these loops. With debug
/// assertions, where as a rule nothing is optimised, it is the other way round: loops are what is compiled fastest.
#[cfg(not(debug_assertions))]
macro_rules! for_each {
    // The compiler would find fault with an index that is never reached.
    ($i:ident of 2 $body:block) => {
        $crate::unrolled::for_each! { $i = 0, $body }
        $crate::unrolled::for_each! { $i = 1, $body }
    };
    ($i:ident of 3 $body:block) => {
        $crate::unrolled::for_each! { $i of 2 $body }
        $crate::unrolled::for_each! { $i = 2, $body }
    };
    ($i:ident of 4 $body:block) => {
        $crate::unrolled::for_each! { $i of 3 $body }
        $crate::unrolled::for_each! { $i = 3, $body }
    };
    ($i:ident of $n:ident $body:block) => {
        const { assert!($n <= 6, "nothing has more") };
        $crate::unrolled::for_each! { $i = 0 of $n, $body }
        $crate::unrolled::for_each! { $i = 1 of $n, $body }
        $crate::unrolled::for_each! { $i = 2 of $n, $body }
        $crate::unrolled::for_each! { $i = 3 of $n, $body }
        $crate::unrolled::for_each! { $i = 4 of $n, $body }
        $crate::unrolled::for_each! { $i = 5 of $n, $body }
    };
    ($i:ident = $value:literal of $n:ident, $body:block) => {
        if const { $value < $n } {
            $crate::unrolled::for_each! { $i = $value, $body }
        }
    };
    ($i:ident = $value:literal, $body:block) => {{
        let $i: usize = $value;
        $body
    }};
}
#[cfg(debug_assertions)]
macro_rules! for_each {
    ($i:ident of $n:tt $body:block) => {
        let mut next = 0;
        while next < $n {
            let $i: usize = next;
            next += 1;
            $body
        }
    };
}
pub(crate) use for_each;
