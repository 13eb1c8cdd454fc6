//! `new`: a recipe to start from. The keys of each kind of world come from the schema of recipes.

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command, Error, FromArgMatches, Subcommand};
use infimum_lab::{Kind, kinds, new_recipe};

use crate::output;

/// A kind of world and what was set.
#[derive(Clone, Debug)]
pub(crate) struct NewWorld {
    kind: String,
    /// Each `a.b=c`.
    settings: Vec<String>,
}

pub(crate) fn new(world: &NewWorld) -> anyhow::Result<()> {
    output::print(&new_recipe(&world.kind, &world.settings)?)
}

fn command(kind: Kind) -> Command {
    let set = Arg::new("set").long("set").value_name("KEY=VALUE").action(ArgAction::Append);
    let set = set.help("Set any other key of the recipe, such as model.width=96. May be given several times");
    let example = format!("Example:\n  infimum new {} > mine.toml", kind.name);
    let command = Command::new(kind.name).about(kind.about).after_help(example).arg(set);
    kind.keys.into_iter().fold(command, |command, key| {
        let value = key.name.to_uppercase();
        let arg = Arg::new(key.name.clone()).long(key.name).value_name(value).help(key.about);
        command.arg(arg.allow_hyphen_values(true))
    })
}

impl Subcommand for NewWorld {
    fn augment_subcommands(command: Command) -> Command {
        command.subcommands(kinds().into_iter().map(self::command))
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        kinds().iter().any(|kind| kind.name == name)
    }
}

impl FromArgMatches for NewWorld {
    fn from_arg_matches(matches: &ArgMatches) -> Result<NewWorld, Error> {
        let (kind, given) = matches.subcommand().ok_or_else(|| Error::new(ErrorKind::MissingSubcommand))?;
        let set = given.get_many::<String>("set").into_iter().flatten().cloned();
        let keys = kinds().into_iter().filter(|k| k.name == kind).flat_map(|k| k.keys);
        let key = |name: String| given.get_one::<String>(&name).map(|value| format!("world.{name}={value}"));
        Ok(NewWorld { kind: kind.into(), settings: keys.filter_map(|k| key(k.name)).chain(set).collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = NewWorld::from_arg_matches(matches)?;
        Ok(())
    }
}
