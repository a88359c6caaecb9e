//! The work, for one type of results: it gives blocks of the files to the library, and writes what the library computes.

use anyhow::{Context, Result};
use crosslane::{Engine, Operation};
use crosslane_npy::{Component, Names, Operand, PerComponent};
use indicatif::{ProgressBar, ProgressStyle};

use super::layout::{Layout, Step};
use crate::interrupt::Interrupt;
use crate::output::Output;

/// All that is known before the first block.
#[derive(Debug)]
pub(super) struct Work<'a> {
    pub(super) operation: Operation,
    pub(super) engine: Engine,
    pub(super) operands: &'a [Operand<'a>],
    pub(super) layout: Layout,
    /// The names of the fields, if the result is records.
    pub(super) fields: Option<&'a Names>,
    pub(super) out: Output,
    pub(super) interrupt: Interrupt,
}

impl PerComponent for Work<'_> {
    type Output = Result<()>;

    fn run<T: Component>(self) -> Result<()> {
        let Self {
            layout, mut out, ..
        } = self;
        let shape = layout.shape(self.fields.is_some());
        let header = out.reserve_array::<T>(&shape, self.fields)?;
        let bytes = |numbers: u64| numbers * size_of::<T>() as u64;
        out.write_at(0, &header)?;
        let mut buffers = vec![Vec::new(); self.operands.len()];
        let mut numbers = vec![T::default(); layout.block_len()];
        let progress = progress(bytes(layout.len()));
        for Step { ranges, parts } in layout.steps(out.is_stream()) {
            self.interrupt.check()?;
            let blocks = self.operands.iter().zip(&mut buffers);
            let blocks = blocks.map(|(operand, buffer)| Ok(operand.block(&ranges, buffer)?.into()));
            let blocks = blocks.collect::<Result<Vec<_>>>()?;
            let context = || out.name().to_owned();
            let result = layout.view(&ranges, &mut numbers);
            let (result, len) = result.with_context(context)?;
            let applied = self.engine.apply(self.operation, &blocks, &mut [result]);
            applied.with_context(context)?;
            for part in parts {
                let written = bytemuck::cast_slice(&numbers[part * len..][..len]);
                out.write_at(
                    header.len() as u64 + bytes(layout.position(&ranges, part)),
                    written,
                )?;
                progress.inc(written.len() as u64);
            }
        }
        self.interrupt.check()?;
        out.finish()
    }
}

/// A bar of the bytes written, on a terminal only.
fn progress(bytes: u64) -> ProgressBar {
    let template = "{wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
    let style = ProgressStyle::with_template(template).unwrap_or(ProgressStyle::default_bar());
    ProgressBar::new(bytes).with_style(style)
}
