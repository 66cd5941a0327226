//! The program in a terminal, and what a person sees there.

use std::process::Command;
use std::time::Duration;

use expectrl::process::unix::WaitStatus;
use expectrl::session::OsSession;
use expectrl::{Eof, Expect};

use crate::machine::shows_no_secret;

/// Longer than anything takes on a slow machine; nothing waits for it.
const PATIENCE: Duration = Duration::from_secs(120);
const ROWS: u16 = 60;
const COLUMNS: u16 = 120;

pub struct Terminal {
    session: OsSession,
    written: Vec<u8>,
}

impl Terminal {
    pub fn run(mut command: Command) -> Self {
        command.env("TERM", "xterm-256color");
        let mut session = OsSession::spawn(command).unwrap();
        session
            .get_process_mut()
            .set_window_size(COLUMNS, ROWS)
            .unwrap();
        session.set_expect_timeout(Some(PATIENCE));
        Self {
            session,
            written: Vec::new(),
        }
    }

    /// Waits until the program has written this.
    #[track_caller]
    pub fn shows(&mut self, text: &str) {
        match self.session.expect(text) {
            Ok(found) => self.written.extend(found.as_bytes()),
            Err(error) => panic!("`{text}` does not come ({error}), but:\n{}", self.screen()),
        }
    }

    pub fn enter(&mut self, line: &str) {
        self.session.send_line(line).unwrap();
    }

    pub fn press_ctrl_c(&mut self) {
        self.session.send("\u{3}").unwrap();
    }

    /// What stands on the screen.
    pub fn screen(&self) -> String {
        let mut screen = vt100::Parser::new(ROWS, COLUMNS, 0);
        screen.process(&self.written);
        screen.screen().contents()
    }

    /// Whether this was ever written, even if it is gone from the screen.
    pub fn has_shown(&self, text: &str) -> bool {
        String::from_utf8_lossy(&self.written).contains(text)
    }

    /// Waits for the end of the program: its exit status, and what stands on the screen then.
    pub fn end(&mut self) -> (i32, String) {
        let rest = self.session.expect(Eof).unwrap();
        self.written.extend(rest.as_bytes());
        shows_no_secret(&String::from_utf8_lossy(&self.written));
        let WaitStatus::Exited(_, status) = self.session.get_process().wait().unwrap() else {
            panic!("it was killed");
        };
        (status, self.screen())
    }
}
