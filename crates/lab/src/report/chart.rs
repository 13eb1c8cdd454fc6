//! Charts as SVG: curves, points and rules over two named axes, with a legend and words for those who do not see them.

use maud::{Markup, html};

use super::axis::{Axis, Scale};

/// One chart.
pub(super) struct Chart {
    /// The id of the figure in the page.
    pub(super) id: &'static str,
    pub(super) title: String,
    /// What it shows, in words and numbers.
    pub(super) description: String,
    pub(super) x: (String, Scale),
    pub(super) y: (String, Scale),
    pub(super) series: Vec<Series>,
}

/// What belongs together in a chart.
pub(super) struct Series {
    /// What stands in the legend; nothing, if empty.
    pub(super) label: String,
    pub(super) ink: Ink,
    pub(super) stroke: Stroke,
    pub(super) points: Vec<Point>,
}

/// A colour of the page, which has one for light and one for dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    /// That of the words.
    Plain,
    /// That of a run, by its number.
    Run(usize),
}

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stroke {
    /// A curve; intervals become a band around it.
    Line,
    /// A thin, pale curve.
    Faint,
    /// A thin dashed curve.
    Dashed,
    /// Dots; intervals become bars.
    Dots,
    /// A dashed line over the whole width at the first point's height.
    Rule,
    /// A dotted line over the whole height at each point's place.
    Upright,
    /// Columns that stand on the axis, each as wide as from its point to the next.
    Columns,
}

/// A point, with the ends of its interval where it has one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) interval: Option<(f64, f64)>,
}

impl Point {
    pub(super) fn at(x: f64, y: f64) -> Point {
        Point { x, y, interval: None }
    }
}

/// Colours that runs can have before they begin again.
pub(super) const RUN_INKS: usize = 6;

impl Ink {
    fn class(self) -> String {
        match self {
            Ink::Plain => "plain".into(),
            Ink::Run(number) => format!("run{}", number % RUN_INKS),
        }
    }
}

const WIDTH: f64 = 480.0;
const PLOT_HEIGHT: f64 = 232.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 24.0;
const BELOW: f64 = 50.0;
const LEGEND_LINE: f64 = 20.0;
/// Width of a letter of the legend, about, and of the sample of the curve before it.
const LETTER: f64 = 7.0;
const SAMPLE: f64 = 30.0;

/// Where things are in the picture.
struct Plot {
    x: Axis,
    y: Axis,
    top: f64,
}

impl Plot {
    fn across(&self, place: f64) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * place
    }

    fn down(&self, place: f64) -> f64 {
        self.top + PLOT_HEIGHT * (1.0 - place)
    }

    fn spot(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        Some((self.across(self.x.place(x)?), self.down(self.y.place(y)?)))
    }

    /// A value that the axis cannot show, such as 0 on a logarithmic one, is at its low end.
    fn height(&self, y: f64) -> f64 {
        self.down(self.y.place(y).unwrap_or(0.0))
    }
}

impl Chart {
    /// The picture.
    pub(super) fn draw(&self) -> Markup {
        let legend = self.legend();
        let lines = legend.last().map_or(0.0, |(_, _, line)| line + 1.0);
        let plot = self.plot(10.0 + LEGEND_LINE * lines);
        let height = plot.top + PLOT_HEIGHT + BELOW;
        html! {
            svg id=(self.id) class="chart" viewBox=(format!("0 0 {WIDTH} {height}")) role="img"
                aria-labelledby=(format!("{0}-title {0}-about", self.id)) {
                title id=(format!("{}-title", self.id)) { (self.title) }
                desc id=(format!("{}-about", self.id)) { (self.description) }
                (axes(&plot))
                @for series in &self.series { (draw(series, &plot)) }
                @for (series, left, line) in &legend { (entry(series, *left, 6.0 + LEGEND_LINE * line)) }
            }
        }
    }

    fn plot(&self, top: f64) -> Plot {
        let with_heights = || self.series.iter().filter(|s| s.stroke != Stroke::Upright);
        let points = || with_heights().flat_map(|s| &s.points);
        let ends = |p: &Point| p.interval.map_or([p.y; 2], |(low, high)| [low, high]);
        let y_values = points().flat_map(|p| [p.y].into_iter().chain(ends(p)));
        let curves = || self.series.iter().filter(|s| !matches!(s.stroke, Stroke::Rule)).flat_map(|s| &s.points);
        // Steps and positions are counted from the beginning, which no logarithmic axis has.
        let x = Axis::over(&self.x.0, self.x.1, curves().map(|p| p.x).chain([0.0]));
        let last = curves().map(|p| p.x).filter(|x| x.is_finite()).fold(f64::NEG_INFINITY, f64::max);
        let x = if self.x.1 != Scale::Log && last.is_finite() && curves().count() > 1 { x.ending_at(last) } else { x };
        // The ends of intervals do not decide how far a logarithmic axis reaches, but where the point itself has no place on it:
        // then there is room for its bar.
        let shown = |p: &Point| match p.interval {
            Some((_, high)) if p.y == 0.0 => [high, high / 10.0],
            _ => [p.y; 2],
        };
        // Below the lowest column there is room for it to stand.
        let foot = |s: &Series| s.points.iter().filter(|p| p.y > 0.0).map(|p| p.y / 2.0).fold(f64::NAN, f64::min);
        let feet = self.series.iter().filter(|s| s.stroke == Stroke::Columns).map(foot);
        let y = match self.y.1 {
            Scale::Log => Axis::over(&self.y.0, Scale::Log, points().flat_map(shown).chain(feet)),
            scale => Axis::over(&self.y.0, scale, y_values),
        };
        Plot { x, y, top }
    }

    /// Every series with a label, where it begins, and on which line.
    fn legend(&self) -> Vec<(&Series, f64, f64)> {
        let (mut left, mut line, mut places) = (LEFT, 0.0, vec![]);
        for series in self.series.iter().filter(|s| !s.label.is_empty() && !s.points.is_empty()) {
            let width = SAMPLE + LETTER * series.label.chars().count() as f64 + 14.0;
            if left > LEFT && left + width > WIDTH {
                (left, line) = (LEFT, line + 1.0);
            }
            places.push((series, left, line));
            left += width;
        }
        places
    }
}

fn axes(plot: &Plot) -> Markup {
    let (left, right) = (LEFT, WIDTH - RIGHT);
    let (top, bottom) = (plot.top, plot.top + PLOT_HEIGHT);
    html! {
        @for (place, label) in plot.y.ticks() {
            @let y = plot.down(place);
            line class="grid" x1=(left) x2=(right) y1=(px(y)) y2=(px(y)) {}
            text x=(left - 7.0) y=(px(y + 4.5)) text-anchor="end" { (label) }
        }
        @for (place, label) in plot.x.ticks() {
            @let x = plot.across(place);
            line class="axis" x1=(px(x)) x2=(px(x)) y1=(px(bottom)) y2=(px(bottom + 5.0)) {}
            text x=(px(x)) y=(px(bottom + 19.0)) text-anchor="middle" { (label) }
        }
        line class="axis" x1=(left) x2=(right) y1=(px(bottom)) y2=(px(bottom)) {}
        text x=(px((left + right) / 2.0)) y=(px(bottom + 40.0)) text-anchor="middle" { (plot.x.name) }
        text transform=(format!("translate(13 {}) rotate(-90)", px((top + bottom) / 2.0))) text-anchor="middle" { (plot.y.name) }
    }
}

fn draw(series: &Series, plot: &Plot) -> Markup {
    let class = series.ink.class();
    html! {
        g class=(class) {
            @match series.stroke {
                Stroke::Line => { (band(&series.points, plot)) (curve(series, plot, "line")) }
                Stroke::Faint => (curve(series, plot, "faint")),
                Stroke::Dashed => (curve(series, plot, "dashed")),
                Stroke::Dots => (dots(&series.points, plot)),
                Stroke::Rule => @if let Some(point) = series.points.first() {
                    @let y = plot.height(point.y);
                    line class="rule" x1=(LEFT) x2=(WIDTH - RIGHT) y1=(px(y)) y2=(px(y)) {}
                },
                Stroke::Upright => @for x in series.points.iter().filter_map(|point| plot.x.place(point.x)) {
                    @let x = plot.across(x);
                    line class="upright" x1=(px(x)) x2=(px(x)) y1=(px(plot.top)) y2=(px(plot.top + PLOT_HEIGHT)) {}
                },
                Stroke::Columns => (columns(&series.points, plot)),
            }
        }
    }
}

fn curve(series: &Series, plot: &Plot, class: &str) -> Markup {
    let spots: Vec<_> = series.points.iter().filter_map(|p| plot.spot(p.x, p.y)).collect();
    html! {
        @if let [(x, y)] = spots[..] {
            circle class="dot" cx=(px(x)) cy=(px(y)) r="3" {}
        } @else {
            polyline class=(class) points=(path(spots.into_iter())) {}
        }
    }
}

fn band(points: &[Point], plot: &Plot) -> Markup {
    let ends = points.iter().filter_map(|p| p.interval.and_then(|ends| Some((plot.across(plot.x.place(p.x)?), ends))));
    let ends: Vec<(f64, (f64, f64))> = ends.collect();
    let above = ends.iter().map(|(x, (_, high))| (*x, plot.height(*high)));
    let below = ends.iter().rev().map(|(x, (low, _))| (*x, plot.height(*low)));
    html! { @if !ends.is_empty() { polygon class="band" points=(path(above.chain(below))) {} } }
}

/// A 0 on a logarithmic axis has no dot, but its interval.
fn dots(points: &[Point], plot: &Plot) -> Markup {
    let bar = |point: &Point| {
        let (low, high) = point.interval.filter(|_| point.y == 0.0 || plot.spot(point.x, point.y).is_some())?;
        Some((plot.across(plot.x.place(point.x)?), plot.height(low), plot.height(high)))
    };
    html! {
        @for point in points {
            @if let Some((x, low, high)) = bar(point) {
                line class="bar" x1=(px(x)) x2=(px(x)) y1=(px(low)) y2=(px(high)) {}
            }
            @if let Some((x, y)) = plot.spot(point.x, point.y) { circle class="dot" cx=(px(x)) cy=(px(y)) r="3" {} }
        }
    }
}

fn columns(points: &[Point], plot: &Plot) -> Markup {
    let places = points.iter().filter_map(|p| Some((plot.across(plot.x.place(p.x)?), plot.height(p.y))));
    let places: Vec<(f64, f64)> = places.collect();
    let foot = plot.down(0.0);
    let tops = places.windows(2).flat_map(|two| [(two[0].0, two[0].1), (two[1].0, two[0].1)]);
    let ends = [places.first(), places.last()].map(|end| end.map(|(x, _)| (*x, foot)));
    let outline = path(ends[0].into_iter().chain(tops).chain(ends[1]));
    html! { @if !places.is_empty() { polygon class="band" points=(outline) {} polyline class="line" points=(outline) {} } }
}

fn entry(series: &Series, left: f64, top: f64) -> Markup {
    let (y, right) = (top + 9.0, left + 22.0);
    let class = match series.stroke {
        Stroke::Line | Stroke::Dots | Stroke::Columns => "line",
        Stroke::Faint => "faint",
        Stroke::Dashed => "dashed",
        Stroke::Rule => "rule",
        Stroke::Upright => "upright",
    };
    html! {
        g class=(series.ink.class()) {
            @if series.stroke == Stroke::Dots {
                circle class="dot" cx=(left + 11.0) cy=(y) r="3" {}
            } @else {
                line class=(class) x1=(left) x2=(right) y1=(y) y2=(y) {}
            }
        }
        text x=(left + SAMPLE - 2.0) y=(y + 4.5) { (series.label) }
    }
}

fn path(spots: impl Iterator<Item = (f64, f64)>) -> String {
    spots.map(|(x, y)| format!("{},{}", px(x), px(y))).collect::<Vec<_>>().join(" ")
}

/// A tenth of a unit is finer than anybody sees.
fn px(x: f64) -> String {
    let text = format!("{x:.1}");
    text.strip_suffix(".0").map(str::to_string).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(y: Scale, points: Vec<Point>) -> String {
        let series = |stroke| Series { label: "<seed>".into(), ink: Ink::Run(7), stroke, points: points.clone() };
        let strokes = [Stroke::Line, Stroke::Faint, Stroke::Dashed, Stroke::Dots, Stroke::Rule];
        let series = strokes.into_iter().chain([Stroke::Upright, Stroke::Columns]).map(series).collect();
        let (title, description) = ("a & b".into(), "<script>".into());
        let x = ("steps".into(), Scale::Linear);
        Chart { id: "loss", title, description, x, y: ("loss, nats".into(), y), series }.draw().into_string()
    }

    /// Whatever the numbers, what is written is numbers, and words are escaped.
    #[test]
    fn no_point_spoils_a_chart() {
        let odd = [f64::NAN, f64::INFINITY, -1e300, 0.0, 1e-300, 1.0];
        for count in 0..odd.len() {
            for scale in [Scale::Linear, Scale::Log] {
                let point = |y: &f64| Point { x: 1.0, y: *y, interval: Some((*y, 2.0)) };
                let svg = chart(scale, odd[..count].iter().map(point).collect());
                assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
                assert!(svg.contains("a &amp; b") && svg.contains("&lt;script&gt;") && !svg.contains("<script"));
            }
        }
    }

    fn drawn(stroke: Stroke, y: Scale, points: Vec<Point>) -> String {
        let series = vec![Series { label: String::new(), ink: Ink::Plain, stroke, points }];
        let words = || String::new();
        let (x, y) = ((words(), Scale::Linear), (words(), y));
        Chart { id: "a", title: words(), description: words(), x, y, series }.draw().into_string()
    }

    /// From the left edge at 76 to the right one at 456, 232 high from 10 down to 242.
    #[test]
    fn columns_stand_on_the_axis_and_the_lowest_is_seen() {
        let points = [(0.0, 1.0), (1.0, 0.0), (2.0, 100.0), (4.0, 0.0)].map(|(x, y)| Point::at(x, y)).to_vec();
        let svg = drawn(Stroke::Columns, Scale::Linear, points.clone());
        let outline = "76,242 76,239.7 171,239.7 171,242 266,242 266,10 456,10 456,242";
        assert!(svg.contains(&format!("polyline class=\"line\" points=\"{outline}\"")), "{svg}");
        let svg = drawn(Stroke::Columns, Scale::Log, points);
        assert!(svg.contains("76,242 76,164.7 171,164.7 171,242 266,242 266,10"), "from 0.1 to 100: {svg}");
    }

    /// Of a rate of 0 a logarithmic axis has no place, but the rates that it may be are seen.
    #[test]
    fn a_zero_with_an_interval_is_a_bar_without_a_dot() {
        let point = |x: f64, y: f64, high: f64| Point { x, y, interval: Some((y / 2.0, high)) };
        let svg = drawn(Stroke::Dots, Scale::Log, vec![point(0.0, 0.0, 0.001), point(1.0, 0.1, 0.2)]);
        assert_eq!((svg.matches("class=\"bar\"").count(), svg.matches("<circle").count()), (2, 1), "{svg}");
        let svg = drawn(Stroke::Dots, Scale::Log, vec![point(0.0, 0.0, 0.001), point(1.0, 0.0, 0.001)]);
        assert!(svg.contains(">0.001<") && !svg.contains("<circle"), "{svg}");
    }

    #[test]
    fn curves_go_where_their_values_are() {
        let points = vec![Point::at(0.0, 0.0), Point::at(10.0, 1.0)];
        let svg = chart(Scale::Linear, points);
        assert!(svg.contains("points=\"76,") && svg.contains(" 456,"), "from the left edge to the right one: {svg}");
        assert!(svg.contains("class=\"run1\""), "colours begin again");
    }
}
