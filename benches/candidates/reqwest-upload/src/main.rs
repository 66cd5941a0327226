//! A file as part of a form, as reqwest itself streams it.

use std::process::ExitCode;

use candidate::{Result, TOKEN, Task};
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Client};
use tokio::fs::File;
use tokio_util::io::ReaderStream;

/// How much is read at a time where reqwest does not choose it.
const PIECE: usize = 64 * 1024;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let task = Task::from_arguments();
    let client = Client::new();
    match task.work.as_str() {
        "upload" => {
            task.repeat(async || {
                let part = Part::file(&task.file).await?;
                send(&task, &client, part).await
            })
            .await?;
        }
        "upload-pieces" => {
            task.repeat(async || {
                let file = File::open(&task.file).await?;
                let length = file.metadata().await?.len();
                let pieces = ReaderStream::with_capacity(file, PIECE);
                let part = Part::stream_with_length(Body::wrap_stream(pieces), length);
                send(&task, &client, part.file_name("upload.yaml")).await
            })
            .await?;
        }
        _ => return Ok(task.not_offered()),
    }
    Ok(ExitCode::SUCCESS)
}

async fn send(task: &Task, client: &Client, part: Part) -> Result<usize> {
    let answer = client
        .post(format!(
            "{}/apis/v2beta1/pipelines/upload?name=benchmark",
            task.url
        ))
        .bearer_auth(TOKEN)
        .multipart(Form::new().part("uploadfile", part))
        .send()
        .await?
        .error_for_status()?;
    Ok(answer.bytes().await?.len())
}
