//! Matrices as pictures: a colour for every entry, with a scale that says what it means.

use maud::{Markup, html};

use super::axis::{Axis, Scale};
use super::png;

/// A square matrix to be seen.
pub(super) struct HeatMap<'a> {
    /// The id of the figure in the page.
    pub(super) id: &'static str,
    pub(super) title: String,
    /// What it shows, in words and numbers.
    pub(super) description: String,
    /// `[row][column]`; no finite number where nothing is known.
    pub(super) entries: &'a [f64],
    /// What rows and columns are.
    pub(super) names: [&'static str; 2],
    /// What the entries are, with their unit.
    pub(super) unit: &'static str,
    pub(super) colours: Colours,
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
const LEFT: f64 = 52.0;
const TOP: f64 = 12.0;
const SIDE: f64 = WIDTH - LEFT - 14.0;
const HEIGHT: f64 = TOP + SIDE + 112.0;

impl HeatMap<'_> {
    /// The picture.
    pub(super) fn draw(&self) -> Markup {
        let states = self.entries.len().isqrt();
        let points: Vec<u8> = self.entries.iter().map(|x| self.colours.level(*x)).collect();
        let address = png::data_address(states, &points, &self.colours.palette());
        html! {
            svg id=(self.id) class="heat-map" viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img"
                aria-labelledby=(format!("{0}-title {0}-about", self.id)) {
                title id=(format!("{}-title", self.id)) { (self.title) }
                desc id=(format!("{}-about", self.id)) { (self.description) }
                rect class="blank" x=(LEFT) y=(TOP) width=(SIDE) height=(SIDE) {}
                image class="cells" href=(address) x=(LEFT) y=(TOP) width=(SIDE) height=(SIDE) preserveAspectRatio="none" {}
                rect class="frame" x=(LEFT) y=(TOP) width=(SIDE) height=(SIDE) {}
                (self.sides(states))
                (self.scale())
            }
        }
    }

    fn sides(&self, states: usize) -> Markup {
        let step = (1..).flat_map(|power| [1, 2, 5].map(|part| part * 10_usize.pow(power - 1)));
        let step = step.into_iter().find(|step| states.div_ceil(*step) <= 10).expect("steps grow");
        let ticks = (0..states).step_by(step).map(|state| (state, SIDE * (state as f64 + 0.5) / states as f64));
        html! {
            @for (state, place) in ticks {
                text x=(LEFT - 6.0) y=(format!("{:.1}", TOP + place + 4.5)) text-anchor="end" { (state) }
                text x=(format!("{:.1}", LEFT + place)) y=(TOP + SIDE + 17.0) text-anchor="middle" { (state) }
            }
            text x=(LEFT + SIDE / 2.0) y=(TOP + SIDE + 37.0) text-anchor="middle" { (self.names[1]) }
            text transform=(format!("translate(13 {}) rotate(-90)", TOP + SIDE / 2.0)) text-anchor="middle" { (self.names[0]) }
        }
    }

    fn scale(&self) -> Markup {
        let (low, high) = self.colours.ends();
        let ticks = Axis::over("", Scale::Linear, [low, high].into_iter()).ticks_within(low, high);
        let (top, anchors) = (TOP + SIDE + 52.0, self.colours.anchors());
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
            rect class="scale" x=(LEFT) y=(top) width=(SIDE) height="12" fill=(format!("url(#{gradient})")) {}
            @for (place, label) in ticks {
                text x=(format!("{:.1}", LEFT + SIDE * place)) y=(top + 28.0) text-anchor="middle" { (label) }
            }
            text x=(LEFT + SIDE / 2.0) y=(top + 47.0) text-anchor="middle" { (self.unit) }
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
        let (names, colours) = (["state", "next"], Colours::Upwards(65_536.0));
        let map = HeatMap { id: "learned", title, description, entries: &entries, names, unit: "", colours };
        assert!(map.draw().into_string().len() < 110_000);
    }
}
