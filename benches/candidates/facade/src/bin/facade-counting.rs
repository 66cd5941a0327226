//! The same, with every allocation counted, which takes time.

use std::process::ExitCode;

use candidate::{Result, Task, count_allocations};

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let counting = count_allocations();
    let outcome = facade::run(&Task::from_arguments()).await;
    drop(counting);
    outcome
}
