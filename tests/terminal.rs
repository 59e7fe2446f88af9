//! The program on a terminal: what it shows while it works is written from another thread than what it says.
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "starts the program, and waits for it")]

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::pty::{self, OpenptFlags};

/// All commands here take a second or two; one that waits for itself never ends.
const PATIENCE: Duration = Duration::from_secs(240);

#[test]
fn every_command_that_shows_what_it_does_comes_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("it.spragb");
    let package = "policies/packs/entra-app-permissions";
    let log = folder.path().join("audit.json");
    std::fs::write(&log, r#"{"CreationTime":"2026-01-02T03:04:05","Operation":"MailItemsAccessed"}"#)
        .unwrap();
    let commands: [(&str, &[&OsStr]); 6] = [
        ("checking", &["check".as_ref(), package.as_ref()]),
        ("checking", &["lint".as_ref(), package.as_ref()]),
        ("testing", &["test".as_ref(), package.as_ref()]),
        ("building", &["build".as_ref(), package.as_ref(), "-o".as_ref(), bundle.as_os_str()]),
        ("comparing", &["diff".as_ref(), "policies/acme".as_ref(), package.as_ref()]),
        (
            "reading logs",
            &["argue".as_ref(), "rovo-outlook".as_ref(), package.as_ref(), "--log".as_ref(), log.as_os_str()],
        ),
    ];
    for (shows, args) in commands {
        let shown = on_a_terminal(args);
        assert!(shown.contains(shows), "{args:?} shows {shown:?}");
    }
}

/// What the program writes to a terminal, until it ends.
fn on_a_terminal(args: &[&OsStr]) -> String {
    let (mut master, slave) = terminal();
    let reader = thread::spawn(move || {
        let (mut all, mut some) = (Vec::new(), [0; 4096]);
        // The other side is gone: an end on some systems, an error on Linux.
        while let Ok(n @ 1..) = master.read(&mut some) {
            all.extend_from_slice(&some[..n]);
        }
        all
    });
    let mut child = Command::new(env!("CARGO_BIN_EXE_sprag"))
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("CI")
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(slave)
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{args:?} does not come to an end on a terminal");
        }
        thread::sleep(Duration::from_millis(10));
    }
    String::from_utf8_lossy(&reader.join().unwrap()).into_owned()
}

fn terminal() -> (File, File) {
    let master = pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    pty::grantpt(&master).unwrap();
    pty::unlockpt(&master).unwrap();
    let name = pty::ptsname(&master, Vec::new()).unwrap();
    let path = Path::new(OsStr::from_bytes(name.as_bytes()));
    let slave = OpenOptions::new().read(true).write(true).open(path).unwrap();
    (File::from(master), slave)
}
