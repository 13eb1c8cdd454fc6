//! What formulas can call, and the arguments of a call.

use infimum_engine::{Argument as Wanted, Expression, Form};

use super::{Kind, Node};

/// A function that is none of the engine's forms: it makes new numbers of the shape that is wanted, or of one that is given.
pub(super) struct Maker {
    pub(super) name: &'static str,
    /// Whole numbers by place, all of which may be left out, and numbers by name.
    places: &'static [&'static str],
    named: &'static [&'static str],
    /// Whether any numbers may follow the whole ones.
    followed: bool,
    /// Whether its numbers are frozen: never trained, and in no file but in the plan.
    pub(super) frozen: bool,
}

/// The functions that make new numbers.
pub(super) const MAKERS: &[Maker] = &[
    Maker {
        name: "free",
        places: &["rows", "columns"],
        named: &["value", "deviation"],
        followed: false,
        frozen: false,
    },
    Maker {
        name: "low_rank",
        places: &["rank", "rows", "columns"],
        named: &["deviation"],
        followed: false,
        frozen: false,
    },
    Maker {
        name: "random",
        places: &["rows", "columns"],
        named: &["deviation", "seed"],
        followed: false,
        frozen: true,
    },
    Maker { name: "given", places: &["rows", "columns"], named: &[], followed: true, frozen: true },
    Maker { name: "zeros", places: &["rows", "columns"], named: &[], followed: false, frozen: false },
    Maker { name: "identity", places: &["rows", "columns"], named: &[], followed: false, frozen: false },
];

/// Whether a formula, which need not be one, may have frozen numbers.
pub(crate) fn may_freeze(formula: &str) -> bool {
    MAKERS.iter().any(|maker| maker.frozen && formula.contains(maker.name))
}

/// How every function of formulas is called, such as `rows(of, first, count)`.
pub(super) fn functions() -> Vec<String> {
    let makers = MAKERS.iter().map(|maker| format!("{}({})", maker.name, maker.usage(" = …")));
    let forms = Expression::forms().into_iter().map(|form| {
        let arguments: Vec<String> = form.arguments.iter().map(described).collect();
        format!("{}({})", form.name, arguments.join(", "))
    });
    makers.chain(forms).collect()
}

fn described(argument: &Wanted) -> String {
    if matches!(argument, Wanted::Weights(_)) { format!("{}…", argument.name()) } else { argument.name().into() }
}

/// A call whose arguments have found their places.
pub(super) struct Bound<'f> {
    pub(super) function: Function,
    /// Weights in the order of the form.
    pub(super) weights: Vec<Part<'f>>,
    /// Whole numbers in the order of the function; `None` is left out, which makers allow.
    pub(super) counts: Vec<Option<usize>>,
    /// Other arguments of makers.
    pub(super) named: Vec<(&'static str, &'f Node)>,
    /// Numbers that follow the whole ones.
    pub(super) numbers: Vec<f64>,
}

impl Bound<'_> {
    /// A call without arguments.
    fn of(function: Function) -> Self {
        Bound { function, weights: vec![], counts: vec![], named: vec![], numbers: vec![] }
    }
}

/// A weight that is an argument.
pub(super) struct Part<'f> {
    /// What it is called below the call.
    pub(super) name: String,
    pub(super) node: &'f Node,
    /// Whether it has to be one number.
    pub(super) is_scalar: bool,
}

/// What is called.
#[derive(Clone, Copy)]
pub(super) enum Function {
    Maker(&'static str),
    Form(Form),
}

/// Brings the arguments of a call to their places.
pub(super) fn bind(call: &Node) -> Result<Bound<'_>, String> {
    let Kind::Call(name, _) = &call.kind else { unreachable!("only calls are bound") };
    if let Some(maker) = MAKERS.iter().find(|maker| maker.name == name) {
        return bind_maker(call, maker);
    }
    let forms = Expression::forms();
    let unknown = || call.wrong(format!("there is no function `{name}`; there are {}", functions().join(", ")));
    let form = forms.iter().find(|form| form.name == name).ok_or_else(unknown)?;
    bind_form(call, *form)
}

fn bind_maker<'f>(call: &'f Node, maker: &Maker) -> Result<Bound<'f>, String> {
    let Kind::Call(_, arguments) = &call.kind else { unreachable!("only calls are bound") };
    let mut counts = vec![None; maker.places.len()];
    let mut named: Vec<(&'static str, &'f Node)> = vec![];
    let whole = if maker.followed { maker.places.len() } else { arguments.len() };
    let (arguments, numbers) = arguments.split_at(whole.min(arguments.len()));
    for (place, argument) in arguments.iter().enumerate() {
        let name = argument.name.as_deref().or_else(|| maker.places.get(place).copied());
        let at = maker.places.iter().position(|known| Some(*known) == name);
        let other = maker.named.iter().find(|known| Some(**known) == name);
        match (at, other) {
            (Some(at), _) if counts[at].is_none() => counts[at] = Some(count(&argument.node)?),
            (None, Some(known)) if named.iter().all(|(given, _)| given != known) => named.push((known, &argument.node)),
            _ => return Err(superfluous(&argument.node, maker.name, name, &maker.usage(""))),
        }
    }
    let number = |argument: &super::Argument| {
        let number = argument.node.number().filter(|_| argument.name.is_none());
        number.ok_or_else(|| argument.node.wrong("a number was expected"))
    };
    let numbers = numbers.iter().map(number).collect::<Result<_, _>>()?;
    Ok(Bound { counts, named, numbers, ..Bound::of(Function::Maker(maker.name)) })
}

impl Maker {
    /// Its arguments; `value` stands behind those that are given by name.
    fn usage(&self, value: &str) -> String {
        let named = self.named.iter().map(|name| format!("{name}{value}"));
        let followed = self.followed.then(|| "numbers…".to_string());
        self.places.iter().map(|name| name.to_string()).chain(named).chain(followed).collect::<Vec<_>>().join(", ")
    }
}

fn bind_form<'f>(call: &'f Node, form: Form) -> Result<Bound<'f>, String> {
    let Kind::Call(_, arguments) = &call.kind else { unreachable!("only calls are bound") };
    let usage = form.arguments.iter().map(described).collect::<Vec<_>>().join(", ");
    if let [Wanted::Weights(_)] = form.arguments {
        if let Some(named) = arguments.iter().find(|argument| argument.name.is_some()) {
            return Err(superfluous(&named.node, form.name, named.name.as_deref(), &usage));
        }
        let part = |(i, argument): (usize, &'f super::Argument)| Part {
            name: i.to_string(),
            node: &argument.node,
            is_scalar: false,
        };
        let weights = arguments.iter().enumerate().map(part).collect();
        return Ok(Bound { weights, ..Bound::of(Function::Form(form)) });
    }
    let mut given: Vec<Option<&Node>> = vec![None; form.arguments.len()];
    for (place, argument) in arguments.iter().enumerate() {
        let name = argument.name.as_deref().or_else(|| form.arguments.get(place).map(|wanted| wanted.name()));
        let at = form.arguments.iter().position(|wanted| Some(wanted.name()) == name);
        match at {
            Some(at) if given[at].is_none() => given[at] = Some(&argument.node),
            _ => return Err(superfluous(&argument.node, form.name, name, &usage)),
        }
    }
    let mut bound = Bound::of(Function::Form(form));
    for (wanted, node) in form.arguments.iter().zip(given) {
        let lacks = || call.wrong(format!("`{}` lacks `{}`; its arguments are {usage}", form.name, wanted.name()));
        let node = node.ok_or_else(lacks)?;
        match wanted {
            Wanted::Count(_) => bound.counts.push(Some(count(node)?)),
            _ => {
                let is_scalar = matches!(wanted, Wanted::Scalar(_));
                bound.weights.push(Part { name: wanted.name().into(), node, is_scalar });
            }
        }
    }
    Ok(bound)
}

fn superfluous(node: &Node, function: &str, name: Option<&str>, usage: &str) -> String {
    let what = name.map_or("one more argument".into(), |name| format!("`{name}` again or for nothing"));
    node.wrong(format!("{what}; the arguments of `{function}` are {usage}, each at most once"))
}

/// The largest whole number in a formula.
const LARGEST: usize = 1 << 20;

fn count(node: &Node) -> Result<usize, String> {
    let whole = node.number().filter(|x| x.fract() == 0.0 && (0.0..=LARGEST as f64).contains(x));
    whole.map(|x| x as usize).ok_or_else(|| node.wrong(format!("a whole number from 0 to {LARGEST} was expected")))
}
