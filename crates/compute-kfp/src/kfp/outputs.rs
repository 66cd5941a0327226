//! The artifacts of a run.

use std::collections::BTreeMap;

use compute_kfp_runtime::Error;

use super::Client;
use super::types::{Artifact, ArtifactTask};

/// The largest page that the server returns, although its spec does not say so. The server reduces
/// larger values to this one, so a server with a smaller limit does no harm.
const PAGE: u32 = 200;

/// An artifact and its links to the tasks of a run.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RunArtifact {
    /// The artifact.
    pub artifact: Artifact,
    /// Its links in the run: which task produced or consumed it, and in which role.
    pub links: Vec<ArtifactTask>,
}

/// Lists the artifacts of a run. Created by [`Client::list_run_artifacts`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send`"]
pub struct ListRunArtifacts<'a> {
    client: &'a Client,
    run_id: String,
}

impl Client {
    /// Lists the artifacts that the tasks of a run produced or consumed, with their lineage.
    ///
    /// Metrics are artifacts of the type `Metric`, with a `number_value`.
    ///
    /// ```no_run
    /// # async fn example(kfp: compute_kfp::kfp::Client) -> compute_kfp::Result<()> {
    /// for found in kfp.list_run_artifacts("6a1f0c52").send().await? {
    ///     let tasks: Vec<_> = found.links.iter().filter_map(|link| link.task_id.as_deref()).collect();
    ///     println!("{} of {tasks:?}", found.artifact.name.unwrap_or_default());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list_run_artifacts(&self, run_id: impl Into<String>) -> ListRunArtifacts<'_> {
        ListRunArtifacts {
            client: self,
            run_id: run_id.into(),
        }
    }
}

impl ListRunArtifacts<'_> {
    /// Requests all pages of the links, and then each artifact.
    ///
    /// # Errors
    ///
    /// Returns the error of a failed call. The kind is
    /// [`Unsupported`](crate::ErrorKind::Unsupported) if the server has no artifacts, as in release
    /// 2.17 of KFP.
    #[inline]
    pub async fn send(self) -> Result<Vec<RunArtifact>, Error> {
        match self.list().await {
            Ok(artifacts) => Ok(artifacts),
            Err(error) => Err(self.client.with_release(error).await),
        }
    }

    #[inline]
    async fn list(&self) -> Result<Vec<RunArtifact>, Error> {
        let mut links: BTreeMap<String, Vec<ArtifactTask>> = BTreeMap::new();
        let list = self.client.list_artifact_tasks().run_ids([&self.run_id]);
        let mut list = list.page_size(PAGE).items();
        while let Some(link) = list.next().await {
            let link = link?;
            let id = link.artifact_id.clone().unwrap_or_default();
            links.entry(id).or_default().push(link);
        }
        let mut artifacts = Vec::new();
        for (id, links) in links {
            let artifact = self.client.get_artifact(id).send().await?.into_inner();
            artifacts.push(RunArtifact { artifact, links });
        }
        Ok(artifacts)
    }
}
