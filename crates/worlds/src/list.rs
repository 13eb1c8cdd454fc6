//! The one list of worlds.

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::regular::{steps, words};
use crate::{World, WorldError, addition, induction, markov, modular, rearrangement, recall, strings, text, windows};

/// One line a world: its name in recipes, its variant, its settings (which have `build`, and `small_instances` for the law
/// tests).
macro_rules! worlds {
    ($($kind:literal $variant:ident $settings:ty, $about:literal;)*) => {
        /// The settings of any world, as they stand in a recipe; `kind` says which world it is.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "kind")]
        pub enum Settings {
            $(#[doc = $about] #[serde(rename = $kind)] $variant($settings),)*
        }

        impl Settings {
            /// The name of every world, in the order of the list.
            pub const KINDS: &[&str] = &[$($kind),*];

            /// Reads the settings of the world called `kind` (without the key `kind` itself). The error names an unknown
            /// kind, an unknown key or a wrong type; ranges are checked by [`Settings::build`].
            pub fn parse<'de, D: Deserializer<'de>>(kind: &str, deserializer: D) -> Result<Settings, D::Error> {
                match kind {
                    $($kind => <$settings>::deserialize(deserializer).map(Settings::$variant),)*
                    _ => Err(D::Error::custom(format!("there is no world \"{kind}\"; worlds are: {}", Self::KINDS.join(", ")))),
                }
            }

            /// The name of this world.
            pub fn kind(&self) -> &'static str {
                match self { $(Settings::$variant(_) => $kind,)* }
            }

            /// Checks the settings and makes the world.
            pub fn build(&self) -> Result<Box<dyn World>, WorldError> {
                match self { $(Settings::$variant(settings) => Ok(Box::new(settings.build()?)),)* }
            }

            /// Worlds of every kind that are small enough for the law tests to enumerate all their sequences.
            pub fn small_instances() -> Vec<Settings> {
                let mut instances = Vec::new();
                $(instances.extend(<$settings>::small_instances().into_iter().map(Settings::$variant));)*
                instances
            }
        }
    };
}

worlds! {
    "markov" Markov markov::Settings, "A Markov chain of any order up to four.";
    "markov-windows" MarkovWindows windows::Settings, "Windows cut at random places from an endless stream of a Markov chain's blocks.";
    "addition" Addition addition::Settings, "Sums or differences of whole numbers, digit by digit.";
    "modular" Modular modular::Settings, "Sums or differences modulo a number, some of whose pairs are never trained on.";
    "regular" Regular words::Settings, "Words of a regular language, by class and length.";
    "rearrangement" Rearrangement rearrangement::Settings, "Strings of letters written again: as they are, backwards, or sorted.";
    "induction" Induction induction::Settings, "Strings that begin again somewhere, and go on as before.";
    "recall" Recall recall::Settings, "Pairs of a key and a value, and then the keys again.";
    "strings" Strings strings::Settings, "A finite set of strings with probabilities, to be known by heart.";
    "text" Text text::Settings, "Windows of a text, whose law nobody knows.";
    "regular-steps" RegularSteps steps::Settings, "Runs of an automaton: each symbol, and the state that it leads to.";
}
