//! The program in a pseudo-terminal, and its screen.

use std::process::{Command, Stdio};
use std::time::Duration;

use expectrl::process::unix::WaitStatus;
use expectrl::session::OsSession;
use expectrl::{ControlCode, Eof, Expect};

use super::shows_no_secret;

/// Time limit for a slow machine. No test waits that long.
const PATIENCE: Duration = Duration::from_secs(120);
const ROWS: u16 = 60;

pub struct Terminal {
    session: OsSession,
    columns: u16,
    written: Vec<u8>,
}

impl Terminal {
    /// Starts a command of a [`Program`](super::Program) in a terminal of this width.
    pub fn start(columns: u16, command: Command) -> Self {
        // The terminal gets its size after the start of a process; the program may read it at once.
        let mut sized = Command::new("/bin/sh");
        sized
            .arg("-c")
            .arg(format!(
                r#"until [ "$(stty size)" = "{ROWS} {columns}" ]; do :; done; exec "$0" "$@""#
            ))
            .arg(command.get_program())
            .args(command.get_args())
            .env_clear()
            .envs(
                command
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .env("TERM", "xterm-256color")
            .stdin(Stdio::inherit());
        if let Some(directory) = command.get_current_dir() {
            sized.current_dir(directory);
        }
        let mut session = OsSession::spawn(sized).unwrap();
        let process = session.get_process_mut();
        process.set_window_size(columns, ROWS).unwrap();
        session.set_expect_timeout(Some(PATIENCE));
        Self {
            session,
            columns,
            written: Vec::new(),
        }
    }

    /// Waits until the program has written this.
    #[track_caller]
    pub fn shows(&mut self, text: &str) {
        match self.session.expect(text) {
            Ok(found) => self.written.extend(found.as_bytes()),
            Err(error) => panic!(
                "`{text}` does not come ({error}), but:\n{}",
                String::from_utf8_lossy(&self.written)
            ),
        }
    }

    pub fn enter(&mut self, line: &str) {
        self.session.send_line(line).unwrap();
    }

    pub fn press_ctrl_c(&mut self) {
        self.session.send(ControlCode::EndOfText).unwrap();
    }

    /// Waits for the program to end.
    #[track_caller]
    pub fn end(mut self) -> Seen {
        let rest = self.session.expect(Eof).unwrap();
        self.written.extend(rest.as_bytes());
        let WaitStatus::Exited(_, status) = self.session.get_process().wait().unwrap() else {
            panic!("it was killed");
        };
        let text = String::from_utf8(self.written).unwrap();
        shows_no_secret(&text);
        Seen {
            status,
            text,
            columns: self.columns,
        }
    }
}

/// The output of a program that has ended.
pub struct Seen {
    pub status: i32,
    /// Everything that was written, even if it is no longer on the screen.
    pub text: String,
    columns: u16,
}

impl Seen {
    /// Returns the final screen.
    pub fn screen(&self) -> String {
        self.screens().pop().unwrap_or_default()
    }

    /// Returns the final screen, with colours as escape sequences.
    pub fn styled(&self) -> String {
        let mut parser = vt100::Parser::new(ROWS, self.columns, 0);
        parser.process(self.text.as_bytes());
        let rows = parser.screen().rows_formatted(0, self.columns);
        let rows = rows.map(|row| String::from_utf8(row).unwrap() + "\u{1b}[m\n");
        rows.collect()
    }

    /// Returns whether a string was on the screen at any time.
    pub fn showed(&self, text: &str) -> bool {
        self.screens().iter().any(|screen| screen.contains(text))
    }

    /// Returns all states of the screen, in order.
    fn screens(&self) -> Vec<String> {
        let mut parser = vt100::Parser::new(ROWS, self.columns, 0);
        let mut screens: Vec<String> = Vec::new();
        for byte in self.text.as_bytes() {
            parser.process(&[*byte]);
            let screen = parser.screen().contents();
            if screens.last() != Some(&screen) {
                screens.push(screen);
            }
        }
        screens
    }
}
