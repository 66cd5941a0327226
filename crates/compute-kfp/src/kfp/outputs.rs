//! The artifacts of a run.

use std::collections::BTreeMap;

use compute_kfp_runtime::Error;

use super::Client;
use super::types::{Artifact, ArtifactTask};

/// The largest page that the server gives; its description does not say so. What is more it takes
/// for as much, so that a smaller limit of a server would do no harm.
const PAGE: u32 = 200;

/// An artifact, and how the tasks of a run are linked with it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RunArtifact {
    /// The artifact.
    pub artifact: Artifact,
    /// Its links in the run: which task made it or took it, and as what.
    pub links: Vec<ArtifactTask>,
}

impl Client {
    /// The artifacts of a run with their lineage: those that its tasks made or took.
    ///
    /// It reads the links of all pages, and then each artifact. Metrics are artifacts of the type
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
    /// What a call met.
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
