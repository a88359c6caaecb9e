//! The axes of the components: the options of numpy.cross, and the default without them.

use anyhow::{Result, bail};
use clap::Args;
use crosslane_npy::Array;

#[derive(Debug, Args)]
pub(super) struct Axes {
    /// Axis of the components in A [default: -1]
    #[arg(long, allow_hyphen_values = true, value_name = "AXIS")]
    axisa: Option<isize>,
    /// Axis of the components in B [default: -1]
    #[arg(long, allow_hyphen_values = true, value_name = "AXIS")]
    axisb: Option<isize>,
    /// Axis of the components in the result; of triple, in C [default: -1]
    #[arg(long, allow_hyphen_values = true, value_name = "AXIS")]
    axisc: Option<isize>,
    /// Axis of the components in all arrays; it overrides the other three
    #[arg(long, allow_hyphen_values = true)]
    axis: Option<isize>,
}

/// An axis for each input, and for the result.
#[derive(Debug, PartialEq)]
pub(super) struct Chosen {
    pub(super) inputs: Vec<isize>,
    pub(super) result: isize,
}

impl Axes {
    /// The axes for these arrays, and for the result if it `is_vector`.
    pub(super) fn of(&self, arrays: &[Array<'_>], is_vector: bool) -> Result<Chosen> {
        self.check(arrays, is_vector)?;
        let letters = [self.axisa, self.axisb, self.axisc];
        let given = self.axis.is_some() || letters.iter().any(Option::is_some);
        let default = if !given && are_along_the_first(arrays) {
            0
        } else {
            -1
        };
        let axis = |letter: Option<&Option<isize>>| {
            let letter = letter.copied().flatten();
            self.axis.or(letter).unwrap_or(default)
        };
        Ok(Chosen {
            inputs: (0..arrays.len()).map(|k| axis(letters.get(k))).collect(),
            result: axis(letters.get(arrays.len())),
        })
    }

    /// Refuses an option for an axis that does not exist: of records, or of numbers.
    fn check(&self, arrays: &[Array<'_>], is_vector: bool) -> Result<()> {
        let letters = [
            ("--axisa", self.axisa),
            ("--axisb", self.axisb),
            ("--axisc", self.axisc),
        ];
        let all_records = arrays.iter().all(|array| array.fields().is_some());
        if all_records && self.axis.is_some() {
            bail!("--axis: all files are records, whose fields are the components");
        }
        let given = letters
            .iter()
            .enumerate()
            .filter(|(_, (_, axis))| axis.is_some());
        for (k, (option, _)) in given {
            match arrays.get(k) {
                Some(array) if array.fields().is_some() => {
                    bail!(
                        "{option}: {} has records, whose fields are the components",
                        array.name()
                    )
                }
                Some(_) => {}
                None if !is_vector => {
                    bail!("{option}: the result is numbers, which have no components")
                }
                None if all_records => {
                    bail!("{option}: the result has records, whose fields are the components")
                }
                None => {}
            }
        }
        Ok(())
    }
}

/// Whether every array of two or more axes has length 3 along its first axis, and none has it along its last.
fn are_along_the_first(arrays: &[Array<'_>]) -> bool {
    let plain = arrays.iter().filter(|array| array.fields().is_none());
    let mut several = plain
        .map(Array::shape)
        .filter(|shape| shape.len() > 1)
        .peekable();
    let first = |shape: &[usize]| shape.first() == Some(&3) && shape.last() != Some(&3);
    several.peek().is_some() && several.all(first)
}
