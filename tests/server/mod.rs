//! A real PostgreSQL for tests: a server of its own in a folder that is gone afterwards, over a Unix socket; where a
//! test asks for it, also over an encrypted port of this machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server that runs as long as this lives.
pub(crate) struct Server {
    programs: PathBuf,
    folder: tempfile::TempDir,
    running: Option<Child>,
    encrypted: Option<Encrypted>,
}

/// How a server is reached over the network.
#[derive(Debug, Clone)]
pub(crate) struct Encrypted {
    /// On this machine.
    pub(crate) port: u16,
    /// Its certificate and its key, as PEM.
    pub(crate) certificate: [String; 2],
}

impl Server {
    /// A new server; `None` where PostgreSQL is not installed, which is said.
    ///
    /// With `SPRAG_REQUIRE_POSTGRES=1` it must be.
    pub(crate) fn start() -> Option<Server> {
        Server::start_as(None)
    }

    /// The same, over the network too.
    #[expect(clippy::print_stderr, reason = "whoever runs the test should know what it did not do")]
    pub(crate) fn start_as(encrypted: Option<Encrypted>) -> Option<Server> {
        let Some(programs) = programs() else {
            assert!(
                std::env::var_os("SPRAG_REQUIRE_POSTGRES").is_none(),
                "PostgreSQL is not installed: there is no /usr/lib/postgresql/*/bin/initdb"
            );
            eprintln!("PostgreSQL is not installed: nothing is tested with it");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("sprag-pg").tempdir().unwrap();
        if let Some((user, group)) = someone() {
            std::os::unix::fs::chown(folder.path(), Some(user), Some(group)).unwrap();
        }
        let mut server = Server { programs, folder, running: None, encrypted };
        let data = server.data();
        let made = server
            .program("initdb")
            .args(["--auth=trust", "--username=sprag", "--encoding=UTF8", "--no-locale", "--pgdata"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        for (name, text) in
            ["certificate", "key"].iter().zip(server.encrypted.iter().flat_map(|e| &e.certificate))
        {
            server.keep(name, text);
        }
        server.run();
        Some(server)
    }

    /// The URL of a database.
    pub(crate) fn url(&self, database: &str) -> String {
        let socket = self.folder.path().to_str().unwrap().replace('/', "%2F");
        format!("postgres://sprag@{socket}:{}/{database}", self.port())
    }

    /// By which its socket is named too.
    pub(crate) fn port(&self) -> u16 {
        self.encrypted.as_ref().map_or(5432, |encrypted| encrypted.port)
    }

    /// A file that nobody but the server reads: else it would not take a key from it.
    fn keep(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        if let Some((user, group)) = someone() {
            std::os::unix::fs::chown(&path, Some(user), Some(group)).unwrap();
        }
    }

    /// Runs statements, each by itself.
    pub(crate) fn tell(&self, database: &str, statements: &[&str]) {
        let mut client = postgres::Client::connect(&self.url(database), postgres::NoTls).unwrap();
        for statement in statements {
            client.batch_execute(statement).unwrap_or_else(|e| panic!("{statement}: {e}"));
        }
    }

    /// Kills the server and all of its processes at once, as a power cut would, but for what the operating system
    /// has not written yet.
    pub(crate) fn kill(&mut self) {
        let mut child = self.running.take().unwrap();
        let mut doomed = children(child.id());
        doomed.insert(0, child.id());
        let numbers: Vec<String> = doomed.iter().map(u32::to_string).collect();
        // Those that ended by themselves meanwhile are no concern.
        let _ = Command::new("kill").arg("-9").args(&numbers).stderr(Stdio::null()).status();
        child.wait().unwrap();
        // Shared memory is free when the last one is gone; until then no server starts.
        let begun = Instant::now();
        while doomed.iter().any(|id| alive(*id)) {
            assert!(begun.elapsed() < Duration::from_secs(20), "{doomed:?} do not die");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Starts the server, which recovers by itself, and waits until it answers.
    pub(crate) fn run(&mut self) {
        let (data, socket) = (self.data(), self.folder.path().to_owned());
        let log = self.folder.path().join("log");
        let log = fs::File::options().create(true).append(true).open(log).unwrap();
        let at = |name: &str| self.folder.path().join(name).display().to_string();
        let over_the_network = match &self.encrypted {
            None => vec!["listen_addresses=".to_owned()],
            Some(_) => vec![
                "listen_addresses=127.0.0.1".to_owned(),
                "ssl=on".to_owned(),
                format!("ssl_cert_file={}", at("certificate")),
                format!("ssl_key_file={}", at("key")),
            ],
        };
        let child = self
            .program("postgres")
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(&socket)
            .args(["-c", "max_connections=50", "-p", &self.port().to_string()])
            .args(over_the_network.iter().flat_map(|setting| ["-c", setting]))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.running = Some(child);
        let begun = Instant::now();
        while let Err(e) = postgres::Client::connect(&self.url("postgres"), postgres::NoTls) {
            let log = || fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_secs(60), "the server does not answer: {e}\n{}", log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// One of PostgreSQL's programs, by somebody else than root, for whom it does not run.
    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        let mut command = match someone() {
            None => Command::new(program),
            Some((user, group)) => {
                let mut command = Command::new("setpriv");
                command.args([format!("--reuid={user}"), format!("--regid={group}")]);
                command.arg("--clear-groups").arg(program);
                command
            }
        };
        command.current_dir(self.folder.path());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.running.is_some() {
            self.kill();
        }
    }
}

fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    found.retain(|folder| folder.join("initdb").exists());
    found.sort();
    found.pop()
}

/// User and group to run as, where this is root.
fn someone() -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let of = |name: &str| {
        let mut fields = users.lines().find(|l| l.split(':').next() == Some(name))?.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    Some(of("postgres").or_else(|| of("nobody")).expect("neither `postgres` nor `nobody` is a user here"))
}

fn children(of: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").unwrap().flatten();
    let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter(|id| parent(*id) == Some(of)).collect()
}

fn parent(id: u32) -> Option<u32> {
    stat(id)?.split_whitespace().nth(1)?.parse().ok()
}

/// Neither gone nor a zombie.
fn alive(id: u32) -> bool {
    stat(id).is_some_and(|stat| !stat.starts_with('Z'))
}

/// What stands after the program's name, which may hold blanks and brackets.
fn stat(id: u32) -> Option<String> {
    let text = fs::read_to_string(Path::new("/proc").join(id.to_string()).join("stat")).ok()?;
    text.rsplit_once(')').map(|(_, rest)| rest.trim_start().to_owned())
}
