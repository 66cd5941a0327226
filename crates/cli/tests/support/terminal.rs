//! The program in a pseudo-terminal of 80 columns and 24 lines.

use std::num::NonZeroU16;
use std::process::Command;
use std::time::Duration;

use expectrl::process::unix::WaitStatus;
use expectrl::session::OsSession;
use expectrl::{ControlCode, Eof, Expect, Session};

/// What is waited for is never late on a machine that works.
const LIMIT: Duration = Duration::from_secs(60);

pub struct Terminal {
    session: OsSession,
    seen: Vec<u8>,
}

impl Terminal {
    pub fn start(mut command: Command) -> Self {
        command.env("TERM", "xterm-256color");
        let mut session = Session::spawn(command).unwrap();
        session.set_expect_timeout(Some(LIMIT));
        Self {
            session,
            seen: Vec::new(),
        }
    }

    /// Waits for a text to be written.
    #[track_caller]
    pub fn until(&mut self, text: &str) {
        let found = self.session.expect(text);
        let found = found.unwrap_or_else(|error| panic!("no {text:?}: {error}"));
        self.seen.extend(found.before());
        self.seen.extend(found.get(0).unwrap());
    }

    /// Presses Ctrl-C.
    pub fn interrupt(&mut self) {
        self.session.send(ControlCode::EndOfText).unwrap();
    }

    /// Waits for the program to end.
    pub fn end(mut self) -> Ended {
        let rest = self.session.expect(Eof).unwrap();
        self.seen.extend(rest.get(0).unwrap());
        let status = match self.session.get_process().wait().unwrap() {
            WaitStatus::Exited(_, status) => Some(status),
            _ => None,
        };
        Ended {
            status,
            seen: self.seen,
        }
    }
}

/// What was written to a terminal by a program that has ended.
pub struct Ended {
    pub status: Option<i32>,
    seen: Vec<u8>,
}

impl Ended {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.seen).into_owned()
    }

    /// What is on the screen at last.
    pub fn screen(&self) -> String {
        self.screens().pop().unwrap_or_default()
    }

    /// Whether a text was on the screen at any time.
    pub fn showed(&self, text: &str) -> bool {
        self.screens().iter().any(|screen| screen.contains(text))
    }

    /// All that was on the screen, one after the other.
    fn screens(&self) -> Vec<String> {
        let size = |cells| NonZeroU16::new(cells).unwrap();
        let mut parser = vt100::Parser::new(size(24), size(80), 0);
        let mut screens: Vec<String> = Vec::new();
        for byte in &self.seen {
            parser.process(&[*byte]);
            let screen = parser.screen().contents();
            if screens.last() != Some(&screen) {
                screens.push(screen);
            }
        }
        screens
    }
}
