//! Matrices as pictures: a colour for every entry, with a scale that says what it means.

use std::ops::Range;

use maud::{Markup, html};

use super::axis::{Axis, Scale};
use super::png;

/// A matrix to be seen.
pub(super) struct HeatMap<'a> {
    /// The id of the figure in the page.
    pub(super) id: String,
    pub(super) title: String,
    /// What it shows, in words and numbers.
    pub(super) description: String,
    /// `[row][column]`; no finite number where nothing is known.
    pub(super) entries: &'a [f64],
    /// Rows and columns.
    pub(super) sides: [Side; 2],
    /// What the entries are, with their unit.
    pub(super) unit: &'static str,
    pub(super) colours: Colours,
}

/// Rows, or columns.
pub(super) struct Side {
    /// What they are.
    pub(super) name: String,
    /// How many.
    pub(super) count: usize,
    /// What stands at some of them.
    pub(super) ticks: Vec<(usize, String)>,
    /// What neighbours are called together; these stand in place of the name.
    pub(super) groups: Vec<(Range<usize>, String)>,
}

impl Side {
    /// Counted from 0, with at most ten numbers written.
    pub(super) fn counted(name: &str, count: usize) -> Side {
        let step = (1..).flat_map(|power| [1, 2, 5].map(|part| part * 10_usize.pow(power - 1)));
        let step = step.into_iter().find(|step| count.div_ceil(*step) <= 10).expect("steps grow");
        let ticks = (0..count).step_by(step).map(|number| (number, number.to_string())).collect();
        Side { name: name.into(), count, ticks, groups: vec![] }
    }
}

/// Which colour stands for which number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Colours {
    /// From 0, dark, to this number, bright.
    Upwards(f64),
    /// From minus this number, blue, over 0, white, to this number, red.
    Around(f64),
}

/// Viridis and ColorBrewer's RdBu, both made for colour-blind readers too.
const VIRIDIS: &[[u8; 3]] = &[
    [68, 1, 84],
    [72, 40, 120],
    [62, 73, 137],
    [49, 104, 142],
    [38, 130, 142],
    [31, 158, 137],
    [53, 183, 121],
    [110, 206, 88],
    [181, 222, 43],
    [253, 231, 37],
];
const BLUE_RED: &[[u8; 3]] = &[
    [33, 102, 172],
    [103, 169, 207],
    [209, 229, 240],
    [247, 247, 247],
    [253, 219, 199],
    [239, 138, 98],
    [178, 24, 43],
];

impl Colours {
    fn ends(self) -> (f64, f64) {
        match self {
            Colours::Upwards(most) => (0.0, most),
            Colours::Around(most) => (-most, most),
        }
    }

    fn anchors(self) -> &'static [[u8; 3]] {
        match self {
            Colours::Upwards(_) => VIRIDIS,
            Colours::Around(_) => BLUE_RED,
        }
    }

    /// The transparent colour for nothing, then 255 from low to high.
    fn palette(self) -> Vec<[u8; 3]> {
        let anchors = self.anchors();
        let colour = |level: usize| {
            let at = level as f64 / 254.0 * (anchors.len() - 1) as f64;
            let (low, share) = ((at as usize).min(anchors.len() - 2), at - (at as usize).min(anchors.len() - 2) as f64);
            let mix = |channel: usize| {
                let (a, b) = (f64::from(anchors[low][channel]), f64::from(anchors[low + 1][channel]));
                (a + (b - a) * share).round() as u8
            };
            [mix(0), mix(1), mix(2)]
        };
        std::iter::once([0; 3]).chain((0..255).map(colour)).collect()
    }

    fn level(self, x: f64) -> u8 {
        let (low, high) = self.ends();
        if x.is_finite() { 1 + (254.0 * ((x - low) / (high - low)).clamp(0.0, 1.0)).round() as u8 } else { 0 }
    }
}

const WIDTH: f64 = 320.0;
/// Width of a matrix with more columns than rows.
const STRIP_WIDTH: f64 = 480.0;
/// Height of a row of such a matrix.
const STRIP_ROW: f64 = 16.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 12.0;
const BELOW: f64 = 112.0;

/// Where the matrix is in the picture.
struct Frame {
    across: f64,
    down: f64,
}

impl HeatMap<'_> {
    /// The picture.
    pub(super) fn draw(&self) -> Markup {
        let [rows, columns] = [self.sides[0].count, self.sides[1].count];
        let points: Vec<u8> = self.entries.iter().map(|x| self.colours.level(*x)).collect();
        let address = png::data_address(columns, &points, &self.colours.palette());
        let frame = self.frame();
        let (width, height) = (LEFT + frame.across + RIGHT, TOP + frame.down + BELOW);
        html! {
            svg id=(self.id) class=(if rows == columns { "heat-map" } else { "strip" }) viewBox=(format!("0 0 {width} {height}")) role="img"
                aria-labelledby=(format!("{0}-title {0}-about", self.id)) {
                title id=(format!("{}-title", self.id)) { (self.title) }
                desc id=(format!("{}-about", self.id)) { (self.description) }
                rect class="blank" x=(LEFT) y=(TOP) width=(frame.across) height=(frame.down) {}
                image class="cells" href=(address) x=(LEFT) y=(TOP) width=(frame.across) height=(frame.down) preserveAspectRatio="none" {}
                rect class="frame" x=(LEFT) y=(TOP) width=(frame.across) height=(frame.down) {}
                (self.names(&frame))
                (self.scale(&frame))
            }
        }
    }

    fn frame(&self) -> Frame {
        let [rows, columns] = [self.sides[0].count, self.sides[1].count];
        match rows == columns {
            true => Frame { across: WIDTH - LEFT - RIGHT, down: WIDTH - LEFT - RIGHT },
            false => Frame { across: STRIP_WIDTH - LEFT - RIGHT, down: STRIP_ROW * rows as f64 },
        }
    }

    fn names(&self, Frame { across, down }: &Frame) -> Markup {
        let [rows, columns] = &self.sides;
        let row_at = |row: usize| format!("{:.1}", TOP + down * (row as f64 + 0.5) / rows.count as f64 + 4.5);
        let column_at = |at: f64| format!("{:.1}", LEFT + across * at / columns.count as f64);
        let below = TOP + down;
        html! {
            @for (row, label) in &rows.ticks {
                text x=(LEFT - 6.0) y=(row_at(*row)) text-anchor="end" { (label) }
            }
            @for (column, label) in &columns.ticks {
                text x=(column_at(*column as f64 + 0.5)) y=(below + 17.0) text-anchor="middle" { (label) }
            }
            @for (group, label) in &columns.groups {
                @let middle = (group.start + group.end) as f64 / 2.0;
                text x=(column_at(middle)) y=(below + 37.0) text-anchor="middle" { (label) }
            }
            @if columns.groups.is_empty() {
                text x=(LEFT + across / 2.0) y=(below + 37.0) text-anchor="middle" { (columns.name) }
            }
            text transform=(format!("translate(13 {}) rotate(-90)", TOP + down / 2.0)) text-anchor="middle" { (rows.name) }
        }
    }

    fn scale(&self, Frame { across, down }: &Frame) -> Markup {
        let (low, high) = self.colours.ends();
        let ticks = Axis::over("", Scale::Linear, [low, high].into_iter()).ticks_within(low, high);
        let (top, anchors) = (TOP + down + 52.0, self.colours.anchors());
        let gradient = format!("{}-colours", self.id);
        html! {
            defs {
                linearGradient id=(gradient) {
                    @for (number, [red, green, blue]) in anchors.iter().enumerate() {
                        stop offset=(format!("{:.4}", number as f64 / (anchors.len() - 1) as f64))
                            stop-color=(format!("rgb({red},{green},{blue})")) {}
                    }
                }
            }
            rect class="scale" x=(LEFT) y=(top) width=(across) height="12" fill=(format!("url(#{gradient})")) {}
            @for (place, label) in ticks {
                text x=(format!("{:.1}", LEFT + across * place)) y=(top + 28.0) text-anchor="middle" { (label) }
            }
            text x=(LEFT + across / 2.0) y=(top + 47.0) text-anchor="middle" { (self.unit) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_have_the_end_colours_and_nothing_is_transparent() {
        for (colours, first, middle, last) in
            [(Colours::Upwards(0.5), 0.0, 0.25, 0.5), (Colours::Around(0.1), -0.1, 0.0, 0.1)]
        {
            let levels = [first, middle, last, 9.0, f64::NAN].map(|x| colours.level(x));
            assert_eq!(levels, [1, 128, 255, 255, 0]);
            let (palette, anchors) = (colours.palette(), colours.anchors());
            assert_eq!((palette.len(), palette[1], palette[255]), (256, anchors[0], anchors[anchors.len() - 1]));
        }
        assert_eq!(Colours::Around(1.0).palette()[128], [247, 247, 247], "0 is white");
    }

    #[test]
    fn a_matrix_of_256_states_is_small() {
        let entries: Vec<f64> = (0..256 * 256).map(|i| i as f64).collect();
        let (title, description) = (String::new(), String::new());
        let (sides, colours) = (["state", "next"].map(|name| Side::counted(name, 256)), Colours::Upwards(65_536.0));
        let id = "learned".into();
        let map = HeatMap { id, title, description, entries: &entries, sides, unit: "", colours };
        assert!(map.draw().into_string().len() < 110_000);
    }

    /// As wide as a chart, with a row of 16 each, and names in the middle of what they name.
    #[test]
    fn more_columns_than_rows_are_a_strip() {
        let entries = [0.0, 0.5, 1.0, 0.25, f64::NAN, 0.0];
        let (title, description, unit) = (String::new(), String::new(), "");
        let columns = Side { groups: vec![(1..3, "both".into())], ..Side::counted("column", 3) };
        let (sides, colours) = ([Side::counted("row", 2), columns], Colours::Upwards(1.0));
        let svg = HeatMap { id: "strip".into(), title, description, entries: &entries, sides, unit, colours };
        let svg = svg.draw().into_string();
        for part in [
            "viewBox=\"0 0 480 156\"",
            "class=\"strip\"",
            "width=\"414\" height=\"32\"",
            "<text x=\"328.0\" y=\"81\" text-anchor=\"middle\">both<",
            "<text x=\"46\" y=\"40.5\" text-anchor=\"end\">1<",
        ] {
            assert!(svg.contains(part), "{part} in {svg}");
        }
        assert!(svg.contains(">row<") && !svg.contains(">column<"));
    }
}
