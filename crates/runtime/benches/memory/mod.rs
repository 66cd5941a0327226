//! Memory held by a benchmark.

/// Memory that this process holds, in KiB; nothing where the system does not tell.
#[derive(Default)]
pub struct Memory {
    start: Option<usize>,
    /// When it was warm first.
    warm: Option<usize>,
    peak: Option<usize>,
    end: Option<usize>,
}

impl Memory {
    /// Notes what is held now; `is_warm` once what is kept for good is there.
    pub fn sample(&mut self, is_warm: bool) {
        let now = resident();
        self.start = self.start.or(now);
        if is_warm {
            self.warm = self.warm.or(now);
        }
        self.peak = self.peak.max(now);
        self.end = now;
    }

    pub fn growth(&self) -> usize {
        let grown = |(warm, peak): (usize, usize)| peak.saturating_sub(warm);
        self.warm.zip(self.peak).map_or(0, grown)
    }
}

impl std::fmt::Display for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let named = [
            ("start", self.start),
            ("warm", self.warm),
            ("peak", self.peak),
            ("end", self.end),
        ];
        f.write_str("memory in KiB:")?;
        for (name, value) in named {
            match value {
                Some(value) => write!(f, " {name} {value};")?,
                None => write!(f, " {name} unknown;")?,
            }
        }
        Ok(())
    }
}

#[cfg(target_os = "linux")]
fn resident() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(not(target_os = "linux"))]
fn resident() -> Option<usize> {
    None
}
