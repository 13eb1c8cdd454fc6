//! Instructions that would import, call and build.

use super::*;

impl Machine<'_> {
    pub(super) fn object(&mut self, instruction: u8) -> Result<(), Fault> {
        match instruction {
            b'c' => {
                let global = self.named()?;
                self.make(Cell::Global(global))
            }
            0x93 => self.global_of_the_stack(),
            b'R' | 0x81 => self.call(),
            0x92 => self.call_with_keywords(),
            b'i' => self.instance(),
            b'o' => self.instance_of_the_stack(),
            b'b' => self.build(),
            b'P' => {
                let span = self.line_text()?;
                let id = self.graph.add(Cell::Text(span), self.began, &mut self.budget)?;
                self.make(Cell::Persistent(id))
            }
            _ => {
                let id = self.pop()?;
                self.make(Cell::Persistent(id))
            }
        }
    }

    /// Two lines: a module and a name in it.
    fn named(&mut self) -> Result<u8, Fault> {
        let (module, name) = (self.line_text()?, self.line_text()?);
        known(self.utf8(module)?, self.utf8(name)?)
    }

    fn global_of_the_stack(&mut self) -> Result<(), Fault> {
        let (name, module) = (self.pop()?, self.pop()?);
        let (name, module) = (self.text_of(name)?, self.text_of(module)?);
        let global = known(module, name)?;
        self.make(Cell::Global(global))
    }

    fn text_of(&self, cell: u32) -> Result<&str, Fault> {
        match self.graph.cells[cell] {
            Cell::Text(span) => self.utf8(span),
            Cell::Decoded(at) => Ok(&self.graph.texts[at]),
            _ => Err("asks for a name that is no text".into()),
        }
    }

    fn call(&mut self) -> Result<(), Fault> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        self.called(function, arguments)
    }

    fn call_with_keywords(&mut self) -> Result<(), Fault> {
        let keywords = self.pop()?;
        match self.graph.cells[keywords] {
            Cell::Dict(chain) if chain.first == NOTHING => self.call(),
            _ => Err("makes an object with keywords".into()),
        }
    }

    fn called(&mut self, function: u32, arguments: u32) -> Result<(), Fault> {
        let Cell::Global(function) = self.graph.cells[function] else {
            return Err("would call a value that is no name".into());
        };
        if !matches!(self.graph.cells[arguments], Cell::Sequence(Kind::Tuple, _)) {
            return Err("would call a name with what is no tuple".into());
        }
        let parts = Parts { function, arguments, state: NONE, items: EMPTY };
        let at = self.graph.parts.push(parts, &mut self.budget)?;
        self.make(Cell::Object(at))
    }

    /// `(arguments… i module name`.
    fn instance(&mut self) -> Result<(), Fault> {
        let function = self.named()?;
        let start = self.items()?;
        let function = self.graph.add(Cell::Global(function), self.began, &mut self.budget)?;
        let arguments = self.graph.add(Cell::tuple(), self.began, &mut self.budget)?;
        self.fill(arguments, start)?;
        self.called(function, arguments)
    }

    /// `(class arguments… o`.
    fn instance_of_the_stack(&mut self) -> Result<(), Fault> {
        let start = self.items()?;
        if start == self.stack.len() {
            return Err("makes an object of no class".into());
        }
        let function = self.stack[start as u32];
        let arguments = self.graph.add(Cell::tuple(), self.began, &mut self.budget)?;
        self.fill(arguments, start + 1)?;
        self.truncate(start);
        self.called(function, arguments)
    }

    fn build(&mut self) -> Result<(), Fault> {
        let (state, object) = (self.pop()?, self.top()?);
        let Cell::Object(at) = self.graph.cells[object] else {
            return Err("gives a state to a value that is no object".into());
        };
        if self.graph.parts[at].state != NONE {
            return Err("gives an object its state twice".into());
        }
        self.graph.parts[at].state = state;
        Ok(())
    }
}

fn known(module: &str, name: &str) -> Result<u8, Fault> {
    globals::find(module, name).ok_or_else(|| {
        Fault(format!(
            "asks for `{}.{}`, which is not one of the names that are read",
            shown(module, 60),
            shown(name, 60)
        ))
    })
}
