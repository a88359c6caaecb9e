//! Throughput against the working set, as a picture: a panel for each operation, type, accuracy and number of threads, a line for
//! each layout and level, the ceiling, and where the caches end.

use std::collections::HashMap;

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::series::DashedLineSeries;

use super::record::{Key, Record, threads_name};
use super::{each_once, size};
use crate::batch::Layout;

/// Of Okabe and Ito: told apart with any eyes, and in grey.
const COLOURS: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(90, 60, 30),
    RGBColor(0, 0, 0),
];
const _: () = assert!(
    COLOURS.len() >= Layout::ALL.len(),
    "a colour for each layout"
);
/// Dash and gap: none for the best level or the first file, then ever shorter.
const DASHES: [Option<(u32, u32)>; 4] = [None, Some((9, 4)), Some((3, 3)), Some((1, 4))];
const CEILING: RGBColor = RGBColor(190, 190, 190);
const INK: RGBColor = RGBColor(40, 40, 40);

const PANEL: (u32, u32) = (500, 300);
/// Of the title and one record.
const HEADER: u32 = 52;
const LEGEND_LINE: u32 = 20;
const HEAD_LINE: u32 = 18;

/// Working set and GB/s, ascending.
type Points = Vec<(f64, f64)>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

type Logarithmic = Cartesian2d<LogCoord<f64>, LogCoord<f64>>;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Logarithmic>;

struct Line {
    label: String,
    style: usize,
    dash: usize,
    points: Points,
}

struct Panel {
    title: String,
    ceilings: Vec<(usize, Points)>,
    lines: Vec<Line>,
}

/// A picture of one record, or of several over each other.
pub(crate) fn svg(records: &[(String, &Record)]) -> Result<String> {
    if records.is_empty() {
        return Err(anyhow!("nothing to draw"));
    }
    let panels = panels(records);
    let legend = legend(&panels, records);
    let columns = all(records, |key| &key.threads).len().max(1);
    let rows = panels.len().div_ceil(columns).max(1);
    let legend_rows = legend.len().div_ceil(columns) as u32;
    let dimensions = (
        PANEL.0 * columns as u32,
        header(records) + PANEL.1 * rows as u32 + LEGEND_LINE * legend_rows + 14,
    );
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, dimensions).into_drawing_area();
        draw(&root, &panels, &legend, (columns, rows), records)
            .map_err(|error| anyhow!("picture: {error}"))?;
    }
    Ok(text)
}

fn draw(
    root: &Area<'_>,
    panels: &[Panel],
    legend: &[(String, usize, Option<usize>)],
    (columns, rows): (usize, usize),
    records: &[(String, &Record)],
) -> Result<(), Box<dyn std::error::Error>> {
    root.fill(&WHITE)?;
    let (top, rest) = root.split_vertically(header(records));
    let (charts, foot) = rest.split_vertically(PANEL.1 * rows as u32);
    head(&top, records)?;
    let range = range(panels);
    let machine = records.first().map(|(_, record)| record.machine.caches());
    for (area, panel) in charts.split_evenly((rows, columns)).iter().zip(panels) {
        chart(area, panel, range, machine.as_deref().unwrap_or_default())?;
    }
    for (i, (label, style, dash)) in legend.iter().enumerate() {
        let x = 24 + (i % columns) as i32 * PANEL.0 as i32;
        let y = 8 + (i / columns) as i32 * LEGEND_LINE as i32;
        let (from, to) = ((x, y), (x + 36, y));
        let (style, dash) = match dash {
            None => (CEILING.stroke_width(6), None),
            Some(dash) => (
                COLOURS[style % COLOURS.len()].stroke_width(2),
                DASHES[dash % DASHES.len()],
            ),
        };
        let path = vec![from, to];
        match dash {
            None => foot.draw(&PathElement::new(path, style))?,
            Some((dash, gap)) => foot.draw(&DashedPathElement::new(path, dash, gap, style))?,
        }
        foot.draw(&Text::new(label.clone(), (x + 44, y - 7), font(14)))?;
    }
    root.present()?;
    Ok(())
}

fn header(records: &[(String, &Record)]) -> u32 {
    HEADER + HEAD_LINE * (records.len() as u32 - 1)
}

fn font(size: u32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&INK)
}

/// What and where.
fn head(area: &Area<'_>, records: &[(String, &Record)]) -> Result<(), Box<dyn std::error::Error>> {
    let title = "crosslane: throughput against working set";
    area.draw(&Text::new(
        title,
        (16, 8),
        ("sans-serif", 18).into_font().color(&INK),
    ))?;
    let machine = |(name, record): &(String, &Record)| {
        let machine = &record.machine;
        let date = record.started.get(..10).unwrap_or(&record.started);
        let threads = machine
            .hardware_threads
            .map_or(String::new(), |n| format!(", {n} hardware threads"));
        format!(
            "{name}{}{threads}, crosslane {}, {date}",
            machine.cpu, record.crosslane_version
        )
    };
    for (i, record) in records.iter().enumerate() {
        let place = (16, 32 + i as i32 * HEAD_LINE as i32);
        area.draw(&Text::new(machine(record), place, font(13)))?;
    }
    Ok(())
}

/// What all lines of a row of panels have in common: all but the layout, the threads and, of a single record, the level.
fn row(key: &Key, several: bool) -> Key {
    Key {
        layout: String::new(),
        threads: String::new(),
        level: if several {
            key.level.clone()
        } else {
            String::new()
        },
        ..key.clone()
    }
}

fn panels(records: &[(String, &Record)]) -> Vec<Panel> {
    let mut panels = Vec::new();
    let several = records.len() > 1;
    let curves: Vec<_> = records.iter().map(|(_, record)| curves(record)).collect();
    let keys = curves.iter().flatten();
    let rows = each_once(keys.map(|(key, _)| row(key, several)));
    for common in &rows {
        for threads in all(records, |key| &key.threads) {
            let of = |key: &Key| key.threads == threads && row(key, several) == *common;
            let ceilings = records.iter().map(|(_, record)| ceiling(record, threads));
            panels.push(Panel {
                title: title(common, threads),
                ceilings: ceilings.enumerate().collect(),
                lines: lines(records, &curves, of),
            });
        }
    }
    panels
}

/// The values of a part of the keys, of all records.
fn all<'a>(records: &[(String, &'a Record)], part: fn(&Key) -> &str) -> Vec<&'a str> {
    each_once(records.iter().flat_map(|(_, record)| record.values(part)))
}

fn title(row: &Key, threads: &str) -> String {
    let Key {
        operation,
        element,
        accuracy,
        level,
        stores,
        ..
    } = row;
    let mut title = format!("{operation}, {element}, {accuracy}");
    if !level.is_empty() {
        title += &format!(", {level}");
    }
    if stores != "auto" {
        title += &format!(", {stores}");
    }
    format!("{title}, {}", threads_name(threads))
}

/// The points of each key, in the order of the record.
fn curves(record: &Record) -> Vec<(&Key, Points)> {
    let mut curves: Vec<(&Key, Points)> = Vec::new();
    let mut places = HashMap::new();
    for kernel in &record.kernels {
        let place = *places.entry(&kernel.key).or_insert_with(|| {
            curves.push((&kernel.key, Points::new()));
            curves.len() - 1
        });
        curves[place]
            .1
            .push((kernel.working_set as f64, kernel.gb_per_second));
    }
    curves
}

fn ceiling(record: &Record, threads: &str) -> Points {
    let sets = record.working_sets().into_iter();
    let points = sets.map(|set| (set as f64, record.limit(set, threads)));
    points.filter(|(_, limit)| limit.is_finite()).collect()
}

/// Colours tell layouts; dashes tell levels, or records where there are several.
fn lines(
    records: &[(String, &Record)],
    curves: &[Vec<(&Key, Points)>],
    of: impl Fn(&Key) -> bool,
) -> Vec<Line> {
    let mut lines = Vec::new();
    let layouts = all(records, |key| &key.layout);
    let mut levels = all(records, |key| &key.level);
    levels.reverse(); // the best is the line without gaps
    for (i, ((name, _), curves)) in records.iter().zip(curves).enumerate() {
        for (key, points) in curves.iter().filter(|(key, _)| of(key)) {
            let place =
                |all: &[&str], one: &str| all.iter().position(|x| *x == one).unwrap_or(all.len());
            let layout = place(&layouts, &key.layout);
            let (style, dash) = match records.len() {
                1 => (layout, place(&levels, &key.level)),
                _ => (layout + layouts.len() * (i / DASHES.len()), i),
            };
            let level = if records.len() == 1 {
                format!(" {}", key.level)
            } else {
                String::new()
            };
            lines.push(Line {
                label: format!("{name}{}{level}", key.layout),
                style,
                dash,
                points: points.clone(),
            });
        }
    }
    lines
}

/// Label, colour and dash of each line that occurs; without a dash, the ceiling.
fn legend(panels: &[Panel], records: &[(String, &Record)]) -> Vec<(String, usize, Option<usize>)> {
    let all = if records.len() > 1 { " (of each)" } else { "" };
    let mut legend = vec![(format!("limit: triad, faster stores{all}"), 0, None)];
    for line in panels.iter().flat_map(|panel| &panel.lines) {
        let entry = (line.label.clone(), line.style, Some(line.dash));
        if !legend.contains(&entry) {
            legend.push(entry);
        }
    }
    legend
}

/// Of all working sets, and of all speeds.
fn range(panels: &[Panel]) -> [(f64, f64); 2] {
    let ceilings = panels
        .iter()
        .flat_map(|panel| panel.ceilings.iter().map(|(_, points)| points));
    let lines = panels
        .iter()
        .flat_map(|panel| panel.lines.iter().map(|line| &line.points));
    let points: Vec<_> = ceilings.chain(lines).flatten().copied().collect();
    let span = |of: fn(&(f64, f64)) -> f64, margin: f64| {
        let low = points.iter().map(of).fold(f64::INFINITY, f64::min);
        let high = points.iter().map(of).fold(0.0, f64::max);
        if low > 0.0 && high.is_finite() && low <= high {
            (low / margin, high * margin)
        } else {
            (1.0, 10.0)
        }
    };
    [span(|p| p.0, 1.2), span(|p| p.1, 1.25)]
}

fn chart(
    area: &Area<'_>,
    panel: &Panel,
    [(left, right), (bottom, top)]: [(f64, f64); 2],
    caches: &[(&'static str, u64)],
) -> Result<(), Box<dyn std::error::Error>> {
    let mut chart = ChartBuilder::on(area)
        .caption(&panel.title, font(15))
        .margin(8)
        .margin_right(18)
        .x_label_area_size(38)
        .y_label_area_size(54)
        .build_cartesian_2d(
            (left..right).log_scale().base(2.0),
            (bottom..top).log_scale().base(2.0),
        )?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(RGBColor(228, 228, 228))
        .x_desc("bytes of all operands")
        .y_desc("GB/s")
        .x_labels(9)
        .y_labels(8)
        .x_label_formatter(&|x| size(x.round() as u64))
        .y_label_formatter(&|y| format!("{y}"))
        .label_style(font(12))
        .axis_desc_style(font(13))
        .draw()?;
    for &(name, bytes) in caches {
        let x = bytes as f64;
        if (left..right).contains(&x) {
            let line = DashedLineSeries::new(
                [(x, bottom), (x, top)],
                4,
                4,
                RGBColor(120, 120, 120).stroke_width(1),
            );
            chart.draw_series(line)?;
            let place = (x * 1.06, top / 1.04);
            chart.draw_series([Text::new(name, place, font(12))])?;
        }
    }
    for (i, points) in &panel.ceilings {
        stroke(&mut chart, points, CEILING.stroke_width(6), *i)?;
    }
    for line in &panel.lines {
        let style = COLOURS[line.style % COLOURS.len()].stroke_width(2);
        stroke(&mut chart, &line.points, style, line.dash)?;
        let dots = line.points.iter();
        chart.draw_series(dots.map(|&point| Circle::new(point, 2, style.filled())))?;
    }
    Ok(())
}

/// Draws a line through the points.
fn stroke(
    chart: &mut Chart<'_, '_>,
    points: &Points,
    style: ShapeStyle,
    dash: usize,
) -> Result<(), Box<dyn std::error::Error>> {
    let points = points.iter().copied();
    match DASHES[dash % DASHES.len()] {
        None => chart.draw_series(LineSeries::new(points, style))?,
        Some((dash, gap)) => chart.draw_series(DashedLineSeries::new(points, dash, gap, style))?,
    };
    Ok(())
}
