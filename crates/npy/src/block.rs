//! Where the vectors of a block are: as a view of what is in memory, or as runs of bytes to be read into a buffer.
//!
//! Separate because it is geometry alone: it knows lengths and strides, and neither files nor types.

use crosslane::{Element, Error, Vectors};

/// A block in a file, counted in bytes.
#[derive(Debug)]
pub(crate) struct Block {
    /// Where the first vector begins.
    pub(crate) first: usize,
    /// From there to each of its components, ascending.
    pub(crate) components: [usize; 3],
    /// Lengths and strides. One that is repeated has length 1, and no place but the first.
    pub(crate) axes: Vec<(usize, usize)>,
}

/// A block in memory, counted in elements.
#[derive(Debug, PartialEq)]
pub(crate) struct Place {
    first: usize,
    component: isize,
    shape: Vec<usize>,
    strides: Vec<isize>,
}

impl Place {
    /// The vectors that are there in these elements.
    pub(crate) fn view<'a, T: Element>(&self, elements: &'a [T]) -> Result<Vectors<'a, T>, Error> {
        let Self {
            first,
            component,
            shape,
            strides,
        } = self;
        Vectors::nd(elements, *first, *component, shape, strides)
    }
}

/// Runs of neighbouring elements, all of the same length.
#[derive(Debug, PartialEq)]
pub(crate) struct Runs {
    /// The byte where each begins, ascending.
    pub(crate) starts: Vec<usize>,
    /// Elements of each.
    pub(crate) len: usize,
}

impl Block {
    /// The same in elements of this size, where it is a whole number of them from each to the next.
    pub(crate) fn in_elements(&self, size: usize) -> Option<Place> {
        let whole = |bytes: usize| bytes.is_multiple_of(size).then_some(bytes / size);
        let signed = |bytes| isize::try_from(whole(bytes)?).ok();
        let strides = self.axes.iter().map(|(_, stride)| signed(*stride));
        Some(Place {
            first: whole(self.first + self.components[0])?,
            component: signed(self.component_stride()?)?,
            shape: self.shape(),
            strides: strides.collect::<Option<_>>()?,
        })
    }

    /// Whether there are no vectors in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.axes.iter().any(|(len, _)| *len == 0)
    }

    fn shape(&self) -> Vec<usize> {
        self.axes.iter().map(|(len, _)| *len).collect()
    }

    /// What is to be read of it in the order of the file, and where the vectors are once that is in a buffer.
    pub(crate) fn runs(&self, size: usize) -> (Runs, Place) {
        let mut steps = self.steps();
        let mut place = Place {
            first: 0,
            component: 0,
            shape: self.shape(),
            strides: vec![0; self.axes.len()],
        };
        if self.is_empty() {
            let starts = Vec::new();
            return (Runs { starts, len: 0 }, place);
        }
        let mut elements = 1;
        for step in steps.iter().rev() {
            match step.axis {
                Some(axis) => place.strides[axis] = elements as isize,
                None => place.component = elements as isize,
            }
            elements *= step.len;
        }
        let mut len = 1;
        while let Some(step) = steps.pop_if(|step| step.stride == Some(len * size)) {
            len *= step.len;
        }
        let starts = self.starts(&steps);
        (Runs { starts, len }, place)
    }

    /// The first byte of every component at every place of these axes.
    fn starts(&self, steps: &[Step]) -> Vec<usize> {
        let [x, ..] = self.components;
        let mut starts = vec![self.first + x];
        for step in steps {
            let offset = |i: usize| match step.stride {
                Some(stride) => i * stride,
                None => self.components[i] - x,
            };
            let along = |start: usize| (0..step.len).map(move |i| start + offset(i));
            starts = starts.into_iter().flat_map(along).collect();
        }
        starts
    }

    /// The distance from component to component, if it is always the same.
    fn component_stride(&self) -> Option<usize> {
        let [x, y, z] = self.components;
        (y - x == z - y).then_some(y - x)
    }

    /// The axes along which there is more than one place, the slowest in the file first.
    fn steps(&self) -> Vec<Step> {
        let component = Step {
            axis: None,
            len: 3,
            stride: self.component_stride(),
        };
        let axes = self.axes.iter().enumerate();
        let axes = axes.map(|(axis, (len, stride))| Step {
            axis: Some(axis),
            len: *len,
            stride: Some(*stride),
        });
        let mut steps: Vec<_> = axes
            .filter(|step| step.len != 1)
            .chain([component])
            .collect();
        // Fields of a record are nearer to each other than records.
        steps.sort_by_key(|step| core::cmp::Reverse(step.stride.unwrap_or(0)));
        steps
    }
}

/// One axis of a block; `None` is that of the components.
#[derive(Debug)]
struct Step {
    axis: Option<usize>,
    len: usize,
    /// Without one, the components are at unequal distances.
    stride: Option<usize>,
}
