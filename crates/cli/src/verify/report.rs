//! The report of `crosslane verify`.

use std::io::{Result, Write};

use crosslane::Level;
use crosslane_cases::Class;

use super::Outcome;
use super::digest::Checkpoint;
use super::kernels::LAYOUTS;
use super::order::Order;
use super::tally::Tally;
use crate::info;

/// Writes what a run has shown; `only` is the level that it was restricted to.
pub(super) fn write(out: &mut impl Write, outcome: &Outcome, only: Option<Level>) -> Result<()> {
    let available = info::available();
    writeln!(out, "CPU       {}", info::name())?;
    match only {
        None => writeln!(out, "levels    {available}")?,
        Some(level) => writeln!(out, "levels    only {level}, of {available}")?,
    }
    let cases = outcome.cases;
    let threads = list(&outcome.threads);
    let layouts = LAYOUTS.map(|layout| layout.to_string()).join(", ");
    let [mixed, apart] = Order::ALL;
    writeln!(out, "cases     {cases} of f32 and as many of f64")?;
    writeln!(
        out,
        "run       on {threads}, as {layouts}, {mixed} and {apart}, with cached and streaming stores"
    )?;
    let [singles, doubles] = &outcome.tallies;
    let misrounded = singles.misrounded() + doubles.misrounded();
    let compared = singles.compared + doubles.compared;
    writeln!(
        out,
        "result    {misrounded} misrounded of {compared} components"
    )?;
    for failure in outcome.tallies.iter().flat_map(|tally| &tally.failures) {
        writeln!(out, "          {failure}")?;
    }
    write_classes(out, &outcome.tallies)?;
    write_worst(out, &outcome.tallies)?;
    write_digests(out, &outcome.checkpoints)
}

/// "1 thread", "1 and 2 threads", "1, 2 and 7 threads".
pub(super) fn list(threads: &[usize]) -> String {
    let numbers: Vec<String> = threads.iter().map(usize::to_string).collect();
    match numbers.split_last() {
        Some((last, first)) if !first.is_empty() => {
            format!("{} and {last} threads", first.join(", "))
        }
        _ => format!("{} thread", numbers.concat()),
    }
}

fn write_classes(out: &mut impl Write, [singles, doubles]: &[Tally; 2]) -> Result<()> {
    writeln!(
        out,
        "\nclasses   cases, components that are misrounded, and cases in which plain arithmetic is not the nearest\n\n\
         \x20         {:<16} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}",
        "", "f32", "misrounded", "plain", "f64", "misrounded", "plain"
    )?;
    for class in Class::ALL {
        write!(out, "          {class:<16}")?;
        for counts in [singles, doubles].map(|tally| tally.classes[class as usize]) {
            let (cases, misrounded, plain) = (counts.cases, counts.misrounded, counts.plain_wrong);
            write!(out, " {cases:>10} {misrounded:>10} {plain:>10}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn write_worst(out: &mut impl Write, tallies: &[Tally; 2]) -> Result<()> {
    writeln!(
        out,
        "\nworst     finite error in ulp, and a, b, c, d of the a·b − c·d that has it\n"
    )?;
    for tally in tallies {
        for (accuracy, worst) in ["plain", "correctly rounded"].iter().zip(&tally.worst) {
            let (name, ulps, input) = (tally.name, ulps(worst.ulps), &worst.input);
            writeln!(out, "          {name} {accuracy:<17} {ulps:>8}  {input}")?;
        }
    }
    Ok(())
}

fn write_digests(out: &mut impl Write, checkpoints: &[Checkpoint]) -> Result<()> {
    writeln!(out, "\ndigest    of the correctly rounded results\n")?;
    for checkpoint in checkpoints {
        let verdict = match checkpoint.expected {
            None => "not in the repository".to_owned(),
            Some(expected) if checkpoint.differs() => format!("expected {expected}"),
            Some(_) => "as in the repository".to_owned(),
        };
        let (cases, digest) = (checkpoint.cases, &checkpoint.digest);
        writeln!(out, "          {cases:>10} cases  {digest}  {verdict}")?;
    }
    let mut compared = checkpoints.iter().filter(|c| c.expected.is_some());
    let conclusion = if checkpoints.iter().any(Checkpoint::differs) {
        "this CPU DOES NOT reproduce the digest of the repository"
    } else if compared.next().is_some() {
        "this CPU reproduces the digest of the repository"
    } else {
        "so few cases have no digest in the repository to compare with"
    };
    writeln!(out, "\n{conclusion}")
}

/// At most four decimals, or two digits and a power; rounded up, so that more than half a unit is never
/// shown as half a unit.
fn ulps(error: f64) -> String {
    if error < 1e3 {
        format!("{}", (error * 1e4).ceil() / 1e4)
    } else {
        format!("{error:.1e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_listed_as_one_says_it() {
        for (threads, expected) in [
            (&[1][..], "1 thread"),
            (&[1, 2], "1 and 2 threads"),
            (&[1, 2, 7], "1, 2 and 7 threads"),
        ] {
            assert_eq!(list(threads), expected);
        }
    }

    #[test]
    fn errors_are_short_and_never_too_small_at_a_half() {
        for (error, expected) in [
            (0.0, "0"),
            (0.5, "0.5"),
            (0.499_999_9, "0.5"),
            (0.5_f64.next_up(), "0.5001"),
            (3.0, "3"),
            (1.234e17, "1.2e17"),
        ] {
            assert_eq!(ulps(error), expected, "{error}");
        }
    }
}
