//! Running a circuit, from its source to its results.

use std::fmt;
use std::time::Duration;

use compute_kfp_runtime::{Error, ErrorKind};

use super::Client;
use super::types::{
    self, AlgorithmIn, AlgorithmType, BatchJobIn, CommitIn, CompileStage, FileIn, FinalResult, Job,
    JobIn, JobStatus, ProjectIn, ShareType,
};
use crate::waiting::{Ended, PollPolicy, setters};

/// Default project of circuits.
const DEFAULT_PROJECT: &str = "compute-kfp";

impl Client {
    /// Runs a circuit, given as cQASM, on a backend type, given by its id, name or identifier. A number
    /// is an id.
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
        backend_type: impl fmt::Display,
    ) -> RunCircuit {
        RunCircuit {
            client: self.clone(),
            backend_type: backend_type.to_string(),
            project: DEFAULT_PROJECT.to_owned(),
            owner_id: None,
            algorithm: AlgorithmIn::builder()
                .type_(AlgorithmType::Quantum)
                .shared(ShareType::Private)
                .name("circuit"),
            file: FileIn::builder()
                .content(cqasm.into())
                .compile_stage(CompileStage::None)
                .compile_properties([("", ""); 0])
                .name("circuit"),
            language: "cQASM".to_owned(),
            language_version: None,
            job: JobIn::builder(),
            policy: PollPolicy::default(),
            on_change: None,
        }
    }
}

/// Runs a circuit. Created by [`Client::run_circuit`].
#[must_use = "nothing is sent before `send`"]
pub struct RunCircuit {
    client: Client,
    backend_type: String,
    project: String,
    owner_id: Option<i64>,
    algorithm: types::builder::AlgorithmIn,
    file: types::builder::FileIn,
    language: String,
    language_version: Option<String>,
    job: types::builder::JobIn,
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
        self.job = self.job.number_of_shots(shots);
        self
    }

    /// Sets whether the results include the outcome of each shot.
    pub fn raw_data(mut self, wanted: bool) -> Self {
        self.job = self.job.raw_data_enabled(wanted);
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
        let name: String = name.into();
        self.algorithm = self.algorithm.name(&name);
        self.file = self.file.name(name);
        self
    }

    /// Sets the kind of the source: a circuit (`quantum`) or a program that runs circuits (`hybrid`)
    /// [default: `quantum`]. For `hybrid`, set the language, too.
    pub fn algorithm_type(mut self, algorithm_type: impl Into<AlgorithmType>) -> Self {
        self.algorithm = self.algorithm.type_(algorithm_type.into());
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
        let mut wait = client.wait_for_job(id);
        wait.poller.policy = policy;
        if let Some(mut call) = on_change {
            wait = wait.on_change(move |state| call(id, state));
        }
        let job = wait.send().await?;
        let results = client.read_results_by_job_id(id).page_size(u32::MAX);
        let results = results.items().collect().await?;
        let final_result = match job.algorithm_type {
            AlgorithmType::Hybrid => match client.read_final_result_by_job_id(id).send().await {
                Ok(found) => Some(found.into_inner()),
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            },
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
        let backend_type_id = client.id_of_backend_type(&self.backend_type).await?;
        let project_id = client.id_of_project(&self.project, self.owner_id).await?;
        let algorithm = self.algorithm.project_id(project_id);
        let algorithm = client.create_algorithm(algorithm).send().await?;
        let commit = CommitIn::builder()
            .description("")
            .algorithm_id(algorithm.id);
        let commit = client.create_commit(commit).send().await?;
        let version = self.language_version.as_deref();
        let language_id = client.id_of_language(&self.language, version).await?;
        let file = self.file.commit_id(commit.id).language_id(language_id);
        let file = client.create_file(file).send().await?;
        let batch_job = BatchJobIn::builder().backend_type_id(backend_type_id);
        let batch_job = client.create_batch_job(batch_job).send().await?;
        let job = self.job.file_id(file.id).batch_job_id(batch_job.id);
        let job = client.create_job(job).send().await?.into_inner();
        client.enqueue_batch_job(batch_job.id).send().await?;
        Ok(job)
    }
}

impl fmt::Debug for RunCircuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunCircuit")
            .field("backend_type", &self.backend_type)
            .field("project", &self.project)
            .finish_non_exhaustive()
    }
}

impl Client {
    #[inline]
    async fn id_of_backend_type(&self, name: &str) -> Result<i64, Error> {
        if let Ok(id) = name.parse() {
            return Ok(self.read_backend_type(id).send().await?.id);
        }
        let types = self.read_backend_types().page_size(u32::MAX).items();
        let types = types.collect().await?;
        let named = types.iter().find(|known| known.name == name);
        let found = named.or_else(|| types.iter().find(|known| known.identifier == name));
        found.map(|known| known.id).ok_or_else(|| {
            let message = format!("no backend type with the name or identifier `{name}`");
            Error::new(ErrorKind::NotFound, message)
        })
    }

    /// Returns the project with this name. Creates it if there is none.
    #[inline]
    async fn id_of_project(&self, name: &str, owner_id: Option<i64>) -> Result<i64, Error> {
        // The names in a search may be parts of other names.
        let named = self.read_projects().name(name).items().collect().await?;
        if let Some(project) = named.iter().find(|project| project.name == name) {
            return Ok(project.id);
        }
        let owner_id = match owner_id {
            Some(id) => id,
            None => match &*self.read_members().items().collect().await? {
                [member] => member.id,
                members => {
                    return Err(Error::configuration(format!(
                        "the owner of the new project `{name}` is ambiguous: you have {} team memberships; set `owner_id`",
                        members.len()
                    )));
                }
            },
        };
        let project = ProjectIn::builder().owner_id(owner_id).name(name);
        let created = self.create_project(project.description("")).send().await?;
        Ok(created.id)
    }

    /// Returns the language with this name and version, or the newest with the name.
    #[inline]
    async fn id_of_language(&self, name: &str, version: Option<&str>) -> Result<i64, Error> {
        let named = self.read_languages().name(name).page_size(u32::MAX).items();
        let named = named.collect().await?;
        let newest = named
            .iter()
            .filter(|language| language.name == name)
            .filter(|language| version.is_none_or(|version| language.version == version))
            .max_by_key(|language| numbers(&language.version));
        newest.map(|language| language.id).ok_or_else(|| {
            let version = version.unwrap_or("any version");
            let message = format!("no language `{name}` ({version}) on the server");
            Error::new(ErrorKind::NotFound, message)
        })
    }
}

/// Returns the numbers in a version, in order.
fn numbers(version: &str) -> Vec<u64> {
    let numbers = version.split(|c: char| !c.is_ascii_digit());
    numbers.filter_map(|number| number.parse().ok()).collect()
}
