//! Running a circuit, from its source to its results.

use std::fmt;
use std::time::Duration;

use compute_kfp_runtime::paging::{Items, ListPage};
use compute_kfp_runtime::{Error, ErrorKind};

use super::Client;
use super::types::{
    self, AlgorithmIn, AlgorithmType, BackendType, BatchJobIn, CommitIn, CompileStage, FileIn,
    FinalResult, Job, JobIn, JobStatus, Language, Project, ProjectIn, ShareType,
};
use crate::waiting::{Ended, PollPolicy, setters};

/// Default project of circuits.
const DEFAULT_PROJECT: &str = "compute-kfp";

impl Client {
    /// Runs a circuit, given as cQASM, on a backend type, given by its id or name.
    ///
    /// The circuit is stored in a project of the user, as a new algorithm, commit and file. The project
    /// is created if the user has none of that name. The circuit runs in its own batch job.
    ///
    /// ```no_run
    /// # async fn example(compute: compute_kfp::compute::Client) -> compute_kfp::Result<()> {
    /// let bell = "version 3.0\nqubit[2] q\nbit[2] b\nH q[0]\nCNOT q[0], q[1]\nb = measure q\n";
    /// let outcome = compute.run_circuit(bell, "QX emulator").shots(1024).send().await?;
    /// if !outcome.job.succeeded() {
    ///     println!("{}", outcome.job.message().unwrap_or("no reason"));
    /// }
    /// for result in &outcome.results {
    ///     println!("{:?}", result.results);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn run_circuit(
        &self,
        cqasm: impl Into<String>,
        backend_type: impl Into<BackendTypeName>,
    ) -> RunCircuit {
        RunCircuit {
            client: self.clone(),
            text: cqasm.into(),
            backend_type: backend_type.into(),
            project: DEFAULT_PROJECT.to_owned(),
            owner_id: None,
            name: "circuit".to_owned(),
            algorithm_type: AlgorithmType::Quantum,
            language: "cQASM".to_owned(),
            language_version: None,
            shots: None,
            raw_data: None,
            policy: PollPolicy::default(),
            on_change: None,
        }
    }
}

/// A backend type, given by its id, name or identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BackendTypeName {
    /// The id.
    Id(i64),
    /// The name or identifier.
    Name(String),
}

impl From<i64> for BackendTypeName {
    fn from(id: i64) -> Self {
        Self::Id(id)
    }
}

impl From<&str> for BackendTypeName {
    fn from(name: &str) -> Self {
        name.to_owned().into()
    }
}

impl From<String> for BackendTypeName {
    fn from(name: String) -> Self {
        Self::Name(name)
    }
}

/// Runs a circuit. Created by [`Client::run_circuit`].
#[must_use = "nothing is sent before `send`"]
pub struct RunCircuit {
    client: Client,
    text: String,
    backend_type: BackendTypeName,
    project: String,
    owner_id: Option<i64>,
    name: String,
    algorithm_type: AlgorithmType,
    language: String,
    language_version: Option<String>,
    shots: Option<i64>,
    raw_data: Option<bool>,
    policy: PollPolicy,
    on_change: Option<OnChange>,
}

type OnChange = Box<dyn FnMut(i64, &JobStatus) + Send>;

/// The outcome of a circuit run.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CircuitOutcome {
    /// The job, with its final state.
    pub job: Ended<Job>,
    /// The results, from all pages.
    pub results: Vec<types::Result>,
    /// The final result of a hybrid algorithm, if it returned one.
    pub final_result: Option<FinalResult>,
}

impl RunCircuit {
    setters!(policy);

    /// Sets the number of shots [default: that of the backend type].
    pub fn shots(mut self, shots: i64) -> Self {
        self.shots = Some(shots);
        self
    }

    /// Sets whether the results include the outcome of each shot.
    pub fn raw_data(mut self, wanted: bool) -> Self {
        self.raw_data = Some(wanted);
        self
    }

    /// Sets the name of the project [default: `compute-kfp`].
    pub fn project(mut self, name: impl Into<String>) -> Self {
        self.project = name.into();
        self
    }

    /// Sets the team member who owns the project if it has to be created [default: the user's only
    /// membership].
    pub fn owner_id(mut self, member_id: i64) -> Self {
        self.owner_id = Some(member_id);
        self
    }

    /// Sets the name of the algorithm and of the file [default: `circuit`].
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets the kind of the source: a circuit (`quantum`) or a program that runs circuits (`hybrid`)
    /// [default: `quantum`]. For `hybrid`, set the language, too.
    pub fn algorithm_type(mut self, algorithm_type: impl Into<AlgorithmType>) -> Self {
        self.algorithm_type = algorithm_type.into();
        self
    }

    /// Sets the language of the source [default: `cQASM`].
    pub fn language(mut self, name: impl Into<String>) -> Self {
        self.language = name.into();
        self
    }

    /// Sets the version of the language [default: the newest on the server].
    pub fn language_version(mut self, version: impl Into<String>) -> Self {
        self.language_version = Some(version.into());
        self
    }

    /// Sets a callback for the state of the job. [`send`](Self::send) calls it with the job id and the
    /// first state, and again after each change. [`submit`](Self::submit) does not call it.
    pub fn on_change(mut self, call: impl FnMut(i64, &JobStatus) + Send + 'static) -> Self {
        self.on_change = Some(Box::new(call));
        self
    }

    /// Runs the circuit and waits for the results.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`submit`](Self::submit) and of
    /// [`Wait::send`](crate::waiting::Wait::send). A failed job is not an error; see
    /// [`CircuitOutcome::job`].
    #[inline]
    pub async fn send(mut self) -> Result<CircuitOutcome, Error> {
        let client = self.client.clone();
        let policy = self.policy.clone();
        let on_change = self.on_change.take();
        let id = self.submit().await?.id;
        let mut wait = client.wait_for_job(id).policy(policy);
        if let Some(mut call) = on_change {
            wait = wait.on_change(move |state| call(id, state));
        }
        let job = wait.send().await?;
        let results = client.results(id).await?;
        let final_result = match job.algorithm_type {
            AlgorithmType::Hybrid => client.final_result(id).await?,
            _ => None,
        };
        Ok(CircuitOutcome {
            job,
            results,
            final_result,
        })
    }

    /// Submits the circuit and returns its job, for [`wait_for_job`](Client::wait_for_job).
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`NotFound`](ErrorKind::NotFound) if there is no such backend type or
    /// language. The kind is [`Configuration`](ErrorKind::Configuration) if the project has to be
    /// created and its owner is ambiguous. If a call fails, its error is returned. Objects created
    /// before an error are kept.
    #[inline]
    pub async fn submit(self) -> Result<Job, Error> {
        let client = &self.client;
        let backend_type = self.found_backend_type().await?;
        let project = self.found_project().await?;
        let algorithm = AlgorithmIn::builder()
            .project_id(project.id)
            .type_(self.algorithm_type.clone())
            .shared(ShareType::Private)
            .name(&self.name);
        let algorithm = client.create_algorithm(algorithm).send().await?;
        let commit = CommitIn::builder()
            .description("")
            .algorithm_id(algorithm.id);
        let commit = client.create_commit(commit).send().await?;
        let language = self.found_language().await?;
        let file = FileIn::builder()
            .commit_id(commit.id)
            .content(self.text)
            .language_id(language.id)
            .compile_stage(CompileStage::None)
            .compile_properties([("", ""); 0])
            .name(self.name);
        let file = client.create_file(file).send().await?;
        let batch_job = BatchJobIn::builder().backend_type_id(backend_type.id);
        let batch_job = client.create_batch_job(batch_job).send().await?;
        let mut job = JobIn::builder().file_id(file.id).batch_job_id(batch_job.id);
        if let Some(shots) = self.shots {
            job = job.number_of_shots(shots);
        }
        if let Some(wanted) = self.raw_data {
            job = job.raw_data_enabled(wanted);
        }
        let job = client.create_job(job).send().await?.into_inner();
        client.enqueue_batch_job(batch_job.id).send().await?;
        Ok(job)
    }

    #[inline]
    async fn found_backend_type(&self) -> Result<BackendType, Error> {
        let client = &self.client;
        let name = match &self.backend_type {
            BackendTypeName::Id(id) => {
                return Ok(client.read_backend_type(*id).send().await?.into_inner());
            }
            BackendTypeName::Name(name) => name,
        };
        let named = client.read_backend_types().name(name).items();
        if let Some(found) = first(named, |found| found.name == *name).await? {
            return Ok(found);
        }
        let identified = client.read_backend_types().identifier(name).items();
        let identified = first(identified, |found| found.identifier == *name).await?;
        identified.ok_or_else(|| {
            missing(format!(
                "no backend type with the name or identifier `{name}`"
            ))
        })
    }

    #[inline]
    async fn found_project(&self) -> Result<Project, Error> {
        let named = self.client.read_projects().name(&self.project);
        if let Some(project) = first(named.items(), |project| project.name == self.project).await? {
            return Ok(project);
        }
        let project = ProjectIn::builder()
            .owner_id(self.owner().await?)
            .name(&self.project)
            .description("");
        let created = self.client.create_project(project).send().await?;
        Ok(created.into_inner())
    }

    #[inline]
    async fn owner(&self) -> Result<i64, Error> {
        if let Some(id) = self.owner_id {
            return Ok(id);
        }
        let members = self.client.read_members().items().collect().await?;
        match &*members {
            [member] => Ok(member.id),
            members => Err(Error::configuration(format!(
                "the owner of the new project `{}` is ambiguous: you have {} team memberships; set `owner_id`",
                self.project,
                members.len()
            ))),
        }
    }

    #[inline]
    async fn found_language(&self) -> Result<Language, Error> {
        let mut named = self.client.read_languages().name(&self.language);
        if let Some(version) = &self.language_version {
            named = named.version(version);
        }
        let named = named.page_size(u32::MAX).items().collect().await?;
        named
            .into_iter()
            .filter(|language| language.name == self.language)
            .filter(|language| {
                let wanted = self.language_version.as_ref();
                wanted.is_none_or(|version| language.version == *version)
            })
            .max_by_key(|language| numbers(&language.version))
            .ok_or_else(|| {
                let version = self.language_version.as_deref().unwrap_or("any version");
                missing(format!(
                    "no language `{}` ({version}) on the server",
                    self.language
                ))
            })
    }
}

impl fmt::Debug for RunCircuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunCircuit")
            .field("backend_type", &self.backend_type)
            .field("project", &self.project)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Returns the results of a job, from all pages.
    #[inline]
    async fn results(&self, job_id: i64) -> Result<Vec<types::Result>, Error> {
        let results = self.read_results_by_job_id(job_id).page_size(u32::MAX);
        results.items().collect().await
    }

    #[inline]
    async fn final_result(&self, job_id: i64) -> Result<Option<FinalResult>, Error> {
        match self.read_final_result_by_job_id(job_id).send().await {
            Ok(found) => Ok(Some(found.into_inner())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Returns the first matching item. A name in a search may also be a part of other names.
async fn first<P: ListPage>(
    mut items: Items<P>,
    is_wanted: impl Fn(&P::Item) -> bool,
) -> Result<Option<P::Item>, Error> {
    while let Some(item) = items.next().await {
        let item = item?;
        if is_wanted(&item) {
            return Ok(Some(item));
        }
    }
    Ok(None)
}

fn missing(message: String) -> Error {
    Error::new(ErrorKind::NotFound, message)
}

/// Returns the numbers in a version, in order.
fn numbers(version: &str) -> Vec<u64> {
    let numbers = version.split(|c: char| !c.is_ascii_digit());
    numbers.filter_map(|number| number.parse().ok()).collect()
}
