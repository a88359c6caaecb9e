//! Batches whose operands each have a layout of their own, block by block: what registers cannot be loaded from or stored to goes
//! through tiles, and so do sums.

use core::mem::MaybeUninit;

use super::access::{Any, Repeating};
use super::cursor::{Cursor, Form};
use super::place::{Layout, Way};
use super::sum::{Tree, leaf};
use super::sweep::{Range, sweep};
use super::tile::Tile;
use super::{Operation, Task};
use crate::Element;
use crate::simd::{Lanes, Simd, Work};

/// A task whose operands each have a layout of their own.
#[derive(Debug)]
pub(crate) struct Mixed<'a, T, Op, const I: usize, const O: usize>(
    pub(super) Task<'a, T, Op, I, O>,
);

impl<T: Element, Op: Operation<I, O>, const I: usize, const O: usize> Work
    for Mixed<'_, T, Op, I, O>
{
    #[inline(always)]
    fn fills<S: Simd>(&self) -> bool {
        self.0.fills::<S>()
    }

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Task {
            operation,
            batch,
            stream,
        } = self.0;
        let (inputs, outputs, total) = (batch.inputs(), batch.outputs(), batch.len());
        let lanes = T::Lanes::<S>::LEN;
        let mut in_tiles = [const { MaybeUninit::<Tile>::uninit() }; I];
        let mut out_tiles = [const { MaybeUninit::<Tile>::uninit() }; O];
        let (mut from, mut to) = (
            [Cursor::nowhere(Form::Columns); I],
            [Cursor::nowhere(Form::Columns); O],
        );
        // Less than a register: filled up in tiles, and nothing is stored but from these.
        let short = !Op::EVERY_FORM && total < lanes;
        let (way, mut head) = Way::out::<S, T>(&batch.outputs, stream && !short);
        let sums = Op::SUMS && batch.has_sums();
        let tiled = inputs.iter().any(|place| place.layout() == Layout::Strided)
            || outputs.iter().any(|place| place.needs_tile(way));
        let most = match (sums, tiled) {
            (true, _) => leaf::<T>(),
            (_, true) => Tile::capacity::<T>(),
            _ => total,
        };
        let mut trees = [const { MaybeUninit::<Tree<T>>::uninit() }; O];
        if sums {
            for tree in &mut trees {
                tree.write(Tree::new());
            }
        }
        let mut start = 0;
        while start < total {
            let len = match sums {
                true if total - start < most + lanes => total - start,
                true => most,
                false => block(total - start, most, lanes, head),
            };
            for ((cursor, place), tile) in from.iter_mut().zip(&inputs).zip(&mut in_tiles) {
                *cursor = match short {
                    // SAFETY: as below; a tile holds a register's worth.
                    true => unsafe { place.filled_up(simd, len, lanes, tile) },
                    // SAFETY: the views say that vectors from `start` on are valid for reads, and blocks come in
                    // order, `len` no more than a tile where one is needed.
                    false => unsafe { place.source(simd, start, len, tile) },
                };
            }
            for ((cursor, place), tile) in to.iter_mut().zip(&outputs).zip(&mut out_tiles) {
                *cursor = match short {
                    true => Cursor::new(Tile::columns(tile), Form::Columns),
                    false => place.target(start, tile, way),
                };
                // What is to be summed is read again at once.
                cursor.streams = !(sums && place.layout() == Layout::Repeated);
            }
            let range = match way {
                Way::Streamed => Range::streamed(head, len),
                _ => Range::cached(head, len.max(lanes)),
            };
            // SAFETY: the views, or tiles that were filled, have `len` vectors, which are one register's worth or more;
            // a batch has outputs that meet inputs place by place or not at all.
            unsafe { sweep::<Repeating<Any>, S, T, Op, I, O>(simd, operation, from, to, range) };
            for ((place, tile), tree) in outputs.iter().zip(&mut out_tiles).zip(&mut trees) {
                if sums && place.layout() == Layout::Repeated {
                    // SAFETY: all were written before the first block.
                    let tree = unsafe { tree.assume_init_mut() };
                    // SAFETY: the loop has filled the tile.
                    unsafe { tree.add(simd, Tile::columns(tile), len) };
                } else if short {
                    // SAFETY: the view says that its vectors are valid for writes, and the loop has filled the tile.
                    unsafe { place.empty(simd, Op::OUTPUTS[0], len, tile) };
                } else {
                    // SAFETY: as for `source`, for writes, and the loop has filled the tile.
                    unsafe { place.finish(simd, start, len, total, tile, way) };
                }
            }
            (start, head) = (start + len, 0);
        }
        if sums {
            for (place, tree) in outputs.iter().zip(&trees) {
                if place.layout() == Layout::Repeated {
                    // SAFETY: all were written before the first block.
                    let tree = unsafe { tree.assume_init_ref() };
                    // SAFETY: the view has a vector, which is this one place.
                    unsafe { place.write(tree.total()) };
                }
            }
        }
        if way != Way::Cached {
            simd.fence();
        }
    }
}

/// The length of the next block of `rest` vectors: `most` or less, one register's worth or more also of the last,
/// and whole registers of it behind the first `head`.
#[inline(always)]
fn block(rest: usize, most: usize, lanes: usize, head: usize) -> usize {
    if rest <= most {
        rest
    } else if rest < most + lanes {
        rest / 2 / lanes * lanes + head
    } else if head > 0 {
        most - lanes + head
    } else {
        most
    }
}

#[cfg(test)]
mod tests {
    use super::block;

    #[test]
    fn blocks_are_as_long_as_a_tile_allows_and_whole_registers_but_the_last() {
        for (most, lanes) in [(64, 2), (64, 8), (128, 4), (128, 16), (256, 16)] {
            for total in lanes..5 * most {
                for head in 0..lanes {
                    let (mut start, mut blocks) = (0, 0);
                    while start < total {
                        let rest = total - start;
                        let len = block(rest, most, lanes, if start == 0 { head } else { 0 });
                        let context = (most, lanes, total, head, start, len);
                        assert!(lanes <= len && len <= most, "{context:?}");
                        assert!(len <= rest, "{context:?}");
                        // The next one begins with a whole register of the output, and is no less than one.
                        assert!(len == rest || rest - len >= lanes, "{context:?}");
                        let whole = (start + len).wrapping_sub(head).is_multiple_of(lanes);
                        assert!(len == rest || whole, "{context:?}");
                        (start, blocks) = (start + len, blocks + 1);
                    }
                    // One more where the first is cut at a register, and where the last would be less than one.
                    let fewest = total.div_ceil(most);
                    let cut = usize::from(head > 0);
                    assert!(
                        blocks <= fewest + cut && (total > most || blocks == 1),
                        "{blocks} blocks: {:?}",
                        (most, lanes, total, head)
                    );
                }
            }
        }
    }
}
