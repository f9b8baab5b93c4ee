//! Lines over logarithmic axes, as SVG.

use std::fmt::Write;

/// A line: its name, its colour, and its points.
pub struct Line<'a> {
    /// What stands beside it.
    pub name: &'a str,
    /// As CSS has it.
    pub colour: &'a str,
    /// Both coordinates above zero.
    pub points: Vec<(f64, f64)>,
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 72.0;
const BOTTOM: f64 = 48.0;
const TOP: f64 = 40.0;
const RIGHT: f64 = 130.0;

/// Draws the lines, with a grid at each power of ten.
#[must_use]
pub fn svg(title: &str, across: &str, up: &str, lines: &[Line<'_>]) -> String {
    let all = || lines.iter().flat_map(|line| &line.points);
    let decades = |values: &mut dyn Iterator<Item = f64>| {
        let (low, high) = values.fold((f64::MAX, f64::MIN), |(low, high), value| {
            (low.min(value.log10()), high.max(value.log10()))
        });
        (low.floor(), high.ceil().max(low.floor() + 1.0))
    };
    let (x0, x1) = decades(&mut all().map(|point| point.0));
    let (y0, y1) = decades(&mut all().map(|point| point.1));
    let x = |value: f64| LEFT + (value.log10() - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT);
    let y =
        |value: f64| HEIGHT - BOTTOM - (value.log10() - y0) / (y1 - y0) * (HEIGHT - TOP - BOTTOM);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"#333\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n<text x=\"{LEFT}\" y=\"22\" font-size=\"14\" font-weight=\"600\">{title}</text>\n"
    );
    let mut put = |line: String| out.push_str(&(line + "\n"));
    for power in x0 as i32..=x1 as i32 {
        let at = x(10f64.powi(power));
        put(format!("<path d=\"M{at:.1} {TOP}V{:.1}\" stroke=\"#ddd\"/>", HEIGHT - BOTTOM));
        put(format!(
            "<text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            HEIGHT - BOTTOM + 16.0,
            label(power)
        ));
    }
    for power in y0 as i32..=y1 as i32 {
        let at = y(10f64.powi(power));
        put(format!("<path d=\"M{LEFT} {at:.1}H{:.1}\" stroke=\"#ddd\"/>", WIDTH - RIGHT));
        put(format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 6.0,
            at + 4.0,
            label(power)
        ));
    }
    put(format!(
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{across}</text>",
        (LEFT + WIDTH - RIGHT) / 2.0,
        HEIGHT - 10.0
    ));
    put(format!(
        "<text transform=\"translate(16 {:.1}) rotate(-90)\" text-anchor=\"middle\">{up}</text>",
        HEIGHT / 2.0
    ));
    for line in lines {
        let mut path = String::new();
        for (index, point) in line.points.iter().enumerate() {
            let step = if index == 0 { 'M' } else { 'L' };
            let _ = write!(path, "{step}{:.1} {:.1}", x(point.0), y(point.1));
            put(format!(
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{}\"/>",
                x(point.0),
                y(point.1),
                line.colour
            ));
        }
        put(format!(
            "<path d=\"{path}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>",
            line.colour
        ));
        if let Some(last) = line.points.last() {
            put(format!(
                "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{}\">{}</text>",
                x(last.0) + 8.0,
                y(last.1) + 4.0,
                line.colour,
                line.name
            ));
        }
    }
    out + "</svg>\n"
}

fn label(power: i32) -> String {
    match power {
        0..=3 => 10_u32.pow(power as u32).to_string(),
        4 | 5 => format!("{} k", 10_u32.pow(power as u32 - 3)),
        6.. => format!("{} M", 10_u64.pow(power as u32 - 6)),
        _ => format!("{}", 10f64.powi(power)),
    }
}
