//! The program in a pseudo-terminal, and its screen.

use std::io::{Read as _, Write as _};
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use pty_process::Size;
use pty_process::blocking::{Command as TerminalCommand, Pty, open};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use super::shows_no_secret;

/// Time limit for a slow machine. No test waits that long.
const PATIENCE: Duration = Duration::from_secs(120);
const ROWS: u16 = 60;
const CTRL_C: &str = "\u{3}";

pub struct Terminal {
    pty: Arc<Pty>,
    program: Child,
    output: Receiver<Vec<u8>>,
    written: Vec<u8>,
    /// End of the last string that was waited for.
    seen: usize,
    columns: u16,
}

impl Terminal {
    /// Starts a command of a [`Program`](super::Program) in a terminal of this width.
    pub fn start(columns: u16, mut command: Command) -> Self {
        let (pty, pts) = open().unwrap();
        pty.resize(Size::new(ROWS, columns)).unwrap();
        // Without input, the screen shows the program's output alone.
        let mut attributes = tcgetattr(&pty).unwrap();
        attributes.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&pty, OptionalActions::Now, &attributes).unwrap();
        command.env("TERM", "xterm-256color");
        let program = TerminalCommand::from(command).spawn(pts).unwrap();
        let pty = Arc::new(pty);
        let (sender, output) = channel();
        let reader = Arc::clone(&pty);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // Once the program has ended, Linux reports an error, and other systems no bytes.
            while let Ok(length @ 1..) = (&*reader).read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            pty,
            program,
            output,
            written: Vec::new(),
            seen: 0,
            columns,
        }
    }

    /// Reads more output. Returns whether there was any.
    #[track_caller]
    fn read(&mut self) -> bool {
        match self.output.recv_timeout(PATIENCE) {
            Ok(bytes) => {
                self.written.extend(bytes);
                true
            }
            Err(RecvTimeoutError::Disconnected) => false,
            Err(RecvTimeoutError::Timeout) => panic!("no output, only:\n{}", self.text()),
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.written).into_owned()
    }

    /// Waits until the program has written this.
    #[track_caller]
    pub fn shows(&mut self, text: &str) {
        loop {
            let mut unseen = self.written[self.seen..].windows(text.len());
            if let Some(start) = unseen.position(|bytes| bytes == text.as_bytes()) {
                self.seen += start + text.len();
                return;
            }
            assert!(self.read(), "no `{text}`, only:\n{}", self.text());
        }
    }

    pub fn enter(&mut self, line: &str) {
        (&*self.pty)
            .write_all(format!("{line}\n").as_bytes())
            .unwrap();
    }

    pub fn press_ctrl_c(&mut self) {
        (&*self.pty).write_all(CTRL_C.as_bytes()).unwrap();
    }

    /// Waits for the program to end.
    #[track_caller]
    pub fn end(mut self) -> Seen {
        while self.read() {}
        let status = self.program.wait().unwrap().code();
        let text = self.text();
        shows_no_secret(&text);
        Seen {
            status: status.expect("a signal ended it"),
            text,
            columns: self.columns,
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Fails if it has ended.
        let _ = self.program.kill();
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

    /// Returns the final screen up to the cursor, with colours as escape sequences.
    pub fn styled(&self) -> String {
        let mut parser = vt100::Parser::new(ROWS, self.columns, 0);
        parser.process(self.text.as_bytes());
        let screen = parser.screen();
        let rows = screen.rows_formatted(0, self.columns);
        let rows = rows.take(screen.cursor_position().0.into());
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
