//! What was measured, as one page that needs nothing else: the machine, the picture, the tables, and the record itself.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::record::{Kernel, Record, threads_name};
use super::{size, table};

const STYLE: &str = "body{font:15px/1.5 sans-serif;max-width:1100px;margin:2em auto;padding:0 1em;color:#222;background:#fff}\
table{border-collapse:collapse;margin:1em 0;font-variant-numeric:tabular-nums}\
th,td{padding:.15em .7em;text-align:right;border-bottom:1px solid #ddd}th{background:#f4f4f4}\
td:first-child,th:first-child{text-align:left}svg{max-width:100%;height:auto}details{margin:.5em 0}summary{cursor:pointer}\
.warning{background:#fff3cd;padding:.5em 1em}";

/// The page of a record and its picture.
pub(crate) fn page(record: &Record, svg: &str) -> anyhow::Result<String> {
    let json = record.to_json()?;
    // Inside a script nothing is escaped: no end of it may stand there.
    let json = json.replace("</", "<\\/");
    let machine = &record.machine;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "crosslane on " (machine.cpu) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "crosslane " (record.crosslane_version) " on " (machine.cpu) }
                p { (machine) ", levels " (machine.levels.join(", ")) }
                p {
                    (record.started) ", " (record.effort) " run, " (format!("{:.0} s", record.seconds))
                    @if !record.complete { ", not complete" }
                }
                @if !record.noise.trustworthy {
                    p class="warning" { "Too noisy: do not trust absolute times." }
                }
                p { (table::verdict(record).trim_start_matches("noise").trim_start()) }
                // The picture's text is escaped by what has drawn it.
                (PreEscaped(svg))
                @for set in record.working_sets() {
                    details {
                        summary { (record.machine.place(set)) ", working set " (size(set)) }
                        (kernels(record, set))
                    }
                }
                p {
                    "GB/s counts all operands of a call, with the padding between their elements. The limit is STREAM's triad over as many bytes, "
                    "with the faster of cached and streaming stores."
                }
                script type="application/json" id="crosslane-bench" { (PreEscaped(json)) }
            }
        }
    };
    Ok(page.into_string())
}

fn kernels(record: &Record, set: u64) -> Markup {
    let stores = table::names_stores(record);
    let kernels = record
        .kernels
        .iter()
        .filter(|kernel| kernel.working_set == set);
    html! {
        table {
            tr {
                @for name in ["kernel", "threads", "vectors", "ns/vector", "±", "Mvec/s", "GB/s", "of limit"] { th { (name) } }
            }
            @for threads in record.values(|key| &key.threads) {
                @let limit = record.limit(set, threads);
                @if limit.is_finite() {
                    tr {
                        td { "limit" } td { (threads_name(threads)) } td {} td {} td {} td {}
                        td { (format!("{limit:.1}")) } td { "1.00" }
                    }
                }
            }
            @for kernel in kernels { (row(stores, kernel)) }
        }
    }
}

fn row(stores: bool, kernel: &Kernel) -> Markup {
    html! {
        tr {
            td { (table::label(&kernel.key, stores)) }
            td { (threads_name(&kernel.key.threads)) }
            td { (kernel.vectors) }
            td { (format!("{:.3}", kernel.ns_per_vector.median)) }
            td { (format!("{:.0} %", 100.0 * kernel.ns_per_vector.spread())) }
            td { (format!("{:.0}", kernel.vectors_per_second / 1e6)) }
            td { (format!("{:.1}", kernel.gb_per_second)) }
            td { (format!("{:.2}", kernel.share_of_ceiling)) }
        }
    }
}
