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

impl Client {
    /// Returns the artifacts that the tasks of a run produced or consumed, with their lineage.
    ///
    /// This reads the links of all pages, and then each artifact. Metrics are artifacts of the type
    /// `Metric`, with a `number_value`.
    ///
    /// ```no_run
    /// # async fn example(kfp: compute_kfp::kfp::Client) -> compute_kfp::Result<()> {
    /// for found in kfp.list_run_artifacts("6a1f0c52").await? {
    ///     let tasks: Vec<_> = found.links.iter().map(|link| &link.task_id).collect();
    ///     println!("{:?} of {tasks:?}", found.artifact.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the error of a failed call.
    #[inline]
    pub async fn list_run_artifacts(
        &self,
        run_id: impl Into<String>,
    ) -> Result<Vec<RunArtifact>, Error> {
        let run_id: String = run_id.into();
        let mut links: BTreeMap<String, Vec<ArtifactTask>> = BTreeMap::new();
        let list = self.list_artifact_tasks().run_ids([&run_id]);
        let mut list = list.page_size(PAGE).items();
        while let Some(link) = list.next().await {
            let link = link?;
            let id = link.artifact_id.clone().unwrap_or_default();
            links.entry(id).or_default().push(link);
        }
        let mut artifacts = Vec::new();
        for (id, links) in links {
            let artifact = self.get_artifact(id).send().await?.into_inner();
            artifacts.push(RunArtifact { artifact, links });
        }
        Ok(artifacts)
    }
}
