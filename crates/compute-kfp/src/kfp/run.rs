//! Running a pipeline by name.

use std::fmt;

use compute_kfp_runtime::{Content, Error, ErrorKind, Timestamp};
use serde_json::{Map, Value};

use super::types::{Experiment, PipelineVersionReference, Run, RuntimeConfig};
use super::upload::{Uploaded, named};
use super::{Client, Filter};

impl Client {
    /// Runs the pipeline with this name, or a package that is uploaded under that name first.
    ///
    /// ```no_run
    /// # async fn example(kfp: compute_kfp::kfp::Client) -> compute_kfp::Result<()> {
    /// use compute_kfp::Content;
    ///
    /// let run = kfp
    ///     .run_pipeline("train")
    ///     .package(Content::file("train.yaml"))
    ///     .parameter("epochs", 20)
    ///     .experiment("nightly")
    ///     .send()
    ///     .await?;
    /// let ended = kfp.wait_for_run(run.run_id.unwrap_or_default()).send().await?;
    /// println!("{}", ended.state());
    /// # Ok(())
    /// # }
    /// ```
    pub fn run_pipeline(&self, name: impl Into<String>) -> RunPipeline<'_> {
        RunPipeline {
            client: self,
            name: name.into(),
            package: None,
            version_name: None,
            display_name: None,
            experiment: None,
            namespace: self.namespace().map(str::to_owned),
            parameters: Map::new(),
        }
    }
}

/// Runs a pipeline. Created by [`Client::run_pipeline`].
#[must_use = "nothing is sent before `send`"]
pub struct RunPipeline<'a> {
    client: &'a Client,
    name: String,
    package: Option<Content>,
    version_name: Option<String>,
    display_name: Option<String>,
    experiment: Option<String>,
    namespace: Option<String>,
    parameters: Map<String, Value>,
}

impl RunPipeline<'_> {
    /// Sets a package to upload first, as [`Client::upload_pipeline_named`] does, and then to run.
    pub fn package(mut self, package: impl Into<Content>) -> Self {
        self.package = Some(package.into());
        self
    }

    /// Sets the name of the version to run, or of the version to upload [default: the latest].
    pub fn version_name(mut self, name: impl Into<String>) -> Self {
        self.version_name = Some(name.into());
        self
    }

    /// Sets the name of the run [default: the name of the pipeline and the time].
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = Some(name.into());
        self
    }

    /// Sets the name of the experiment, which is created if it does not exist [default: the default
    /// experiment of the server].
    pub fn experiment(mut self, name: impl Into<String>) -> Self {
        self.experiment = Some(name.into());
        self
    }

    /// Sets the namespace of the pipeline and the experiment [default: that of the client].
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Sets the value of a parameter [default: the value in the pipeline].
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    /// Starts the run and returns it as the server created it.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`NotFound`](ErrorKind::NotFound) if there is no such pipeline or
    /// version, and otherwise the error of a call. What was uploaded or created before an error is
    /// kept.
    #[inline]
    pub async fn send(mut self) -> Result<Run, Error> {
        let version = self.version().await?;
        let display_name = match self.display_name.take() {
            Some(name) => name,
            None => format!("{} {}", self.name, Timestamp::now()),
        };
        let mut run = Run::builder()
            .display_name(display_name)
            .pipeline_version_reference(version);
        if let Some(name) = &self.experiment
            && let Some(id) = self.found_experiment(name).await?.experiment_id
        {
            run = run.experiment_id(id);
        }
        if !self.parameters.is_empty() {
            run = run.runtime_config(RuntimeConfig::builder().parameters(self.parameters));
        }
        Ok(self.client.create_run(run).send().await?.into_inner())
    }

    /// Returns the pipeline version to run. Uploads it first if there is a package.
    #[inline]
    async fn version(&mut self) -> Result<PipelineVersionReference, Error> {
        let (pipeline, version) = match self.package.take() {
            Some(package) => {
                let mut upload = self.client.upload_pipeline_named(&self.name, package);
                upload.namespace.clone_from(&self.namespace);
                upload.version_name.clone_from(&self.version_name);
                let Uploaded { pipeline, version } = upload.send().await?;
                (pipeline, version.pipeline_version_id)
            }
            None => {
                let pipeline = named(self.client, &self.name, self.namespace.as_deref()).await?;
                let version = match (&self.version_name, &pipeline.pipeline_id) {
                    (Some(version), Some(id)) => Some(self.found_version(id, version).await?),
                    _ => None,
                };
                (pipeline, version)
            }
        };
        let mut reference = PipelineVersionReference::default();
        reference.pipeline_id = pipeline.pipeline_id;
        reference.pipeline_version_id = version;
        Ok(reference)
    }

    #[inline]
    async fn found_version(&self, pipeline_id: &str, name: &str) -> Result<String, Error> {
        let named = self.client.list_pipeline_versions(pipeline_id);
        let mut named = named.filter(Filter::eq("name", name)).items();
        let found = named.next().await.transpose()?;
        let id = found.and_then(|version| version.pipeline_version_id);
        id.ok_or_else(|| {
            let message = format!("the pipeline `{}` has no version `{name}`", self.name);
            Error::new(ErrorKind::NotFound, message)
        })
    }

    #[inline]
    async fn found_experiment(&self, name: &str) -> Result<Experiment, Error> {
        let named = Filter::eq("display_name", name);
        let mut named = self.client.list_experiments().filter(named);
        let mut experiment = Experiment::builder().display_name(name);
        if let Some(namespace) = &self.namespace {
            named = named.namespace(namespace);
            experiment = experiment.namespace(namespace);
        }
        if let Some(found) = named.items().next().await {
            return found;
        }
        let created = self.client.create_experiment(experiment).send().await?;
        Ok(created.into_inner())
    }
}

impl fmt::Debug for RunPipeline<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Parameters may hold secrets.
        f.debug_struct("RunPipeline")
            .field("name", &self.name)
            .field("version_name", &self.version_name)
            .field("experiment", &self.experiment)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}
