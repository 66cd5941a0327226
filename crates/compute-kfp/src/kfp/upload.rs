//! Uploading a pipeline under a name.

use std::fmt;

use compute_kfp_runtime::{Content, Error, ErrorKind, Timestamp};

use super::Client;
use super::types::{Pipeline, PipelineVersion};

impl Client {
    /// Uploads a pipeline package under a name: as a new pipeline, or as a new version of the one that
    /// has the name.
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

/// An upload to be set up; [`Client::upload_pipeline_named`] makes it.
#[must_use = "nothing is sent before `send`"]
pub struct UploadNamed<'a> {
    client: &'a Client,
    name: String,
    package: Content,
    version_name: Option<String>,
    description: Option<String>,
    namespace: Option<String>,
}

/// A pipeline, and what was uploaded of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Uploaded {
    /// The pipeline, which may have been there before.
    pub pipeline: Pipeline,
    /// The new version of a pipeline that was there before. A new pipeline has a single version, of
    /// the name of the pipeline.
    pub version: Option<PipelineVersion>,
}

impl UploadNamed<'_> {
    /// Name of the version, unique in its pipeline, where the pipeline is there already; the name of
    /// the pipeline and the time unless set.
    pub fn version_name(mut self, name: impl Into<String>) -> Self {
        self.version_name = Some(name.into());
        self
    }

    /// What the pipeline does, or what is special about the version.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Namespace of the pipeline; that of the client unless set.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Uploads it.
    ///
    /// # Errors
    ///
    /// What a call met; of kind [`Conflict`](ErrorKind::Conflict) where the version is there already,
    /// or another client uploads the same pipeline at this moment.
    #[inline]
    pub async fn send(self) -> Result<Uploaded, Error> {
        let found = named(self.client, &self.name, self.namespace.as_deref()).await;
        let pipeline = match found {
            Err(error) if error.kind() == ErrorKind::NotFound => return self.create().await,
            found => found?,
        };
        let version_name = match self.version_name {
            Some(name) => name,
            None => format!("{} {}", self.name, Timestamp::now()),
        };
        let mut upload = self.client.upload_pipeline_version(self.package);
        upload = upload.name(version_name);
        if let Some(id) = &pipeline.pipeline_id {
            upload = upload.pipelineid(id);
        }
        if let Some(description) = self.description {
            upload = upload.description(description);
        }
        let version = upload.send().await?.into_inner();
        Ok(Uploaded {
            pipeline,
            version: Some(version),
        })
    }

    #[inline]
    async fn create(self) -> Result<Uploaded, Error> {
        let mut upload = self.client.upload_pipeline(self.package).name(self.name);
        if let Some(description) = self.description {
            upload = upload.description(description);
        }
        if let Some(namespace) = self.namespace {
            upload = upload.namespace(namespace);
        }
        Ok(Uploaded {
            pipeline: upload.send().await?.into_inner(),
            version: None,
        })
    }
}

impl fmt::Debug for UploadNamed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadNamed")
            .field("name", &self.name)
            .field("version_name", &self.version_name)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

/// The pipeline of a name.
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
