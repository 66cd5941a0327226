//! Uploading a pipeline under a given name.

use compute_kfp_runtime::{Content, Error, ErrorKind, Timestamp};

use super::Client;
use super::types::{Pipeline, PipelineVersion};

impl Client {
    /// Uploads a pipeline package under a name: as a new pipeline, or as a new version if the name
    /// exists.
    ///
    /// ```no_run
    /// # async fn example(kfp: compute_kfp::kfp::Client) -> compute_kfp::Result<()> {
    /// use compute_kfp::Content;
    ///
    /// let uploaded = kfp.upload_pipeline_named("train", Content::file("train.yaml")).send().await?;
    /// println!("{:?}", uploaded.pipeline.pipeline_id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_pipeline_named(
        &self,
        name: impl Into<String>,
        package: impl Into<Content>,
    ) -> UploadNamed<'_> {
        UploadNamed {
            client: self,
            name: name.into(),
            package: package.into(),
            version_name: None,
            description: None,
            namespace: self.namespace().map(str::to_owned),
        }
    }
}

/// Uploads a package under a name. Created by [`Client::upload_pipeline_named`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send`"]
pub struct UploadNamed<'a> {
    client: &'a Client,
    name: String,
    package: Content,
    pub(super) version_name: Option<String>,
    description: Option<String>,
    pub(super) namespace: Option<String>,
}

/// An uploaded version and its pipeline.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Uploaded {
    /// The pipeline, which may have existed before.
    pub pipeline: Pipeline,
    /// The new version.
    pub version: PipelineVersion,
}

impl UploadNamed<'_> {
    /// Sets the name of the version, unique in its pipeline [default: the name of the pipeline; for
    /// further versions, with the time].
    pub fn version_name(mut self, name: impl Into<String>) -> Self {
        self.version_name = Some(name.into());
        self
    }

    /// Sets the description of the new pipeline or version.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets the namespace of the pipeline [default: that of the client].
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Uploads the package.
    ///
    /// # Errors
    ///
    /// Returns the errors of the calls. The kind is [`Conflict`](ErrorKind::Conflict) if the version
    /// exists, or another client is uploading the same pipeline. If the version of a new pipeline is
    /// refused, the pipeline is deleted again. If that fails, the message says so.
    #[inline]
    pub async fn send(self) -> Result<Uploaded, Error> {
        let found = named(self.client, &self.name, self.namespace.as_deref()).await;
        match (found, &self.version_name) {
            (Ok(pipeline), _) => {
                let name = match &self.version_name {
                    Some(name) => name.clone(),
                    None => format!("{} {}", self.name, Timestamp::now()),
                };
                let version = self.upload_version(&pipeline, &name).await?;
                Ok(Uploaded { pipeline, version })
            }
            (Err(error), _) if error.kind() != ErrorKind::NotFound => Err(error),
            (Err(_), Some(version_name)) => self.create_with_version(version_name).await,
            (Err(_), None) => self.create().await,
        }
    }

    /// Creates a pipeline with a version of the same name.
    #[inline]
    async fn create(&self) -> Result<Uploaded, Error> {
        let mut upload = self.client.upload_pipeline(self.package()).name(&self.name);
        if let Some(description) = &self.description {
            upload = upload.description(description);
        }
        if let Some(namespace) = &self.namespace {
            upload = upload.namespace(namespace);
        }
        let pipeline = upload.send().await?.into_inner();
        let id = pipeline.pipeline_id.clone().unwrap_or_default();
        let mut versions = self.client.list_pipeline_versions(id).items();
        let version = versions.next().await.unwrap_or_else(|| {
            let name = &self.name;
            let message = format!("the server lists no version of the new pipeline `{name}`");
            Err(Error::new(ErrorKind::Protocol, message))
        })?;
        Ok(Uploaded { pipeline, version })
    }

    /// Creates a pipeline, then a version with another name. No single call does both.
    #[inline]
    async fn create_with_version(&self, version_name: &str) -> Result<Uploaded, Error> {
        let mut pipeline = Pipeline::default();
        pipeline.name = Some(self.name.clone());
        pipeline.display_name = Some(self.name.clone());
        pipeline.description.clone_from(&self.description);
        pipeline.namespace.clone_from(&self.namespace);
        let created = self.client.create_pipeline(pipeline).send().await?;
        let pipeline = created.into_inner();
        match self.upload_version(&pipeline, version_name).await {
            Ok(version) => Ok(Uploaded { pipeline, version }),
            Err(error) => {
                let id = pipeline.pipeline_id.unwrap_or_default();
                let note = match self.client.delete_pipeline(&id).send().await {
                    Ok(_) => "the new pipeline was deleted again".to_owned(),
                    Err(_) => format!("the new pipeline `{id}` remains, without a version"),
                };
                Err(error.with_note(&note))
            }
        }
    }

    #[inline]
    async fn upload_version(
        &self,
        pipeline: &Pipeline,
        name: &str,
    ) -> Result<PipelineVersion, Error> {
        let mut upload = self
            .client
            .upload_pipeline_version(self.package())
            .name(name);
        if let Some(id) = &pipeline.pipeline_id {
            upload = upload.pipelineid(id);
        }
        if let Some(description) = &self.description {
            upload = upload.description(description);
        }
        Ok(upload.send().await?.into_inner())
    }

    /// Returns the package with a file name. The server derives the format from its ending.
    fn package(&self) -> Content {
        self.package
            .clone()
            .or_named(|| format!("{}.yaml", self.name))
    }
}

/// Returns the pipeline with this name.
#[inline]
pub(super) async fn named(
    client: &Client,
    name: &str,
    namespace: Option<&str>,
) -> Result<Pipeline, Error> {
    let mut request = client.get_pipeline_by_name(name);
    if let Some(namespace) = namespace {
        request = request.namespace(namespace);
    }
    Ok(request.send().await?.into_inner())
}
