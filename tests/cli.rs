//! Conversations with the command line, in this process and as a program.
#![expect(clippy::disallowed_methods, reason = "a command line is tested with files and programs")]

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use sprag::cli::{self, Context, Exit};
use sprag::report::Look;
use tempfile::TempDir;

const MANIFEST: &str = "[package]\nname = \"p\"\nlanguage = \"0.1\"\n";

/// What came out of one command.
#[derive(Debug)]
struct Said {
    exit: Exit,
    out: String,
    err: String,
}

/// Runs `sprag ARGS` in the folder, in this process.
fn sprag(folder: &Path, args: &[&str], input: &str) -> Said {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut cx = Context {
        cwd: fs::canonicalize(folder).unwrap(),
        input: &mut input.as_bytes(),
        out: &mut out,
        err: &mut err,
        look: Look::PLAIN,
        quiet: false,
        progress: false,
    };
    let exit = cli::run(["sprag"].iter().chain(args), &mut cx);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { exit, out: text(out), err: text(err) }
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// A package made by `sprag new`, at `demo` in the folder.
fn scaffold() -> TempDir {
    let folder = folder(&[]);
    let said = sprag(folder.path(), &["new", "demo"], "");
    assert_eq!(said.exit, Exit::Clean, "{}{}", said.out, said.err);
    folder
}

/// In the folder, the command ends so and says this, if only this much, on standard error.
#[track_caller]
fn check(folder: &Path, args: &[&str], exit: Exit, err: &str) -> Said {
    let said = sprag(folder, args, "");
    assert_eq!(said.exit, exit, "{args:?}\n{}{}", said.out, said.err);
    assert!(said.err.contains(err), "{args:?}: no `{err}` in\n{}", said.err);
    said
}

#[test]
fn a_new_package_checks_tests_formats_and_locks_clean() {
    let folder = scaffold();
    let said = check(folder.path(), &["check", "demo"], Exit::Clean, "");
    assert_eq!(said.out, "package `demo`: 3 files, no findings\n");
    let said = check(folder.path(), &["test", "demo"], Exit::Clean, "");
    assert!(said.out.ends_with("3 tests with 4 cases: all passed\n"), "{}", said.out);
    let said = check(folder.path(), &["fmt", "--diff", "demo"], Exit::Clean, "");
    assert_eq!(said.out, "");
    check(folder.path(), &["lock", "--check", "demo"], Exit::Clean, "");
    check(folder.path(), &["check", "demo/policy.sprag"], Exit::Clean, "");
    check(&folder.path().join("demo/catalogs"), &["check", "-q"], Exit::Clean, "");
}

#[test]
fn new_refuses_what_is_there_and_what_is_no_name() {
    let folder = scaffold();
    check(folder.path(), &["new", "demo"], Exit::Failed, "sprag: demo exists already");
    check(folder.path(), &["new", "1st"], Exit::Failed, "`1st` does not do as a package name");
    assert!(!folder.path().join("1st").exists());
}

#[test]
fn a_package_is_found_upwards_or_missed_with_a_sentence() {
    let folder = folder(&[("a/x.sprag", "")]);
    let sentence =
        "sprag: there is no sprag.toml in this folder or above it; `sprag new NAME` makes a package\n";
    assert_eq!(check(folder.path(), &["check"], Exit::Failed, "").err, sentence);
    check(folder.path(), &["check", "a"], Exit::Failed, "no sprag.toml in a or above it");
    check(folder.path(), &["check", "b"], Exit::Failed, "cannot read b: there is no such file or folder");
}

#[test]
fn a_broken_manifest_is_told_with_its_line() {
    #[track_caller]
    fn told(toml: &str, sentence: &str) {
        let folder = folder(&[("sprag.toml", toml)]);
        let said = check(folder.path(), &["check"], Exit::Failed, "");
        assert_eq!(said.err, format!("sprag: sprag.toml:{sentence}\n"));
    }
    told(
        "[package]\nname = \"p\"\nlanguage = \"0.1\"\nlicence = \"x\"\n",
        "4: unknown field `licence`, expected one of `name`, `version`, `language`",
    );
    told("[package]\nlanguage = \"0.1\"\n", "1: missing field `name`");
    told(
        "[package]\nname = \"p\"\nlanguage = \"7\"\n",
        "3: language `7` is not known; this compiler knows `0.1`",
    );
    told(
        "[package]\nname = \"p p\"\nlanguage = \"0.1\"\n",
        "2: `p p` is not a package name: it needs a letter, then letters, digits, `_` or single `-`",
    );
    told(&format!("{MANIFEST}\n[catalogs]\npaths = [\"no\"]\n"), "6: there is no catalog folder no");
    let folder = folder(&[("sprag.toml", MANIFEST), ("sprag.lock", "[[catalog]]\nname = \"x\"\n")]);
    check(folder.path(), &["check"], Exit::Failed, "sprag: sprag.lock:1: missing field `version`");
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let folder = folder(&[("sprag.toml", MANIFEST)]);
    fs::write(folder.path().join("bad.sprag"), b"// one\n// \xff\n").unwrap();
    check(folder.path(), &["check"], Exit::Failed, "sprag: bad.sprag:2: the text is not UTF-8");
    fs::remove_file(folder.path().join("bad.sprag")).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", folder.path().join("link.sprag")).unwrap();
        check(
            folder.path(),
            &["check"],
            Exit::Failed,
            "cannot read link.sprag: there is no such file or folder",
        );
    }
}

#[test]
fn hidden_target_and_nested_folders_are_left_out() {
    let rubbish = "this is no policy";
    let folder = folder(&[
        ("sprag.toml", MANIFEST),
        (".hidden/x.sprag", rubbish),
        ("target/x.sprag", rubbish),
        ("nested/sprag.toml", MANIFEST),
        ("nested/x.sprag", rubbish),
        ("deep/er/x.sprag", "// fine\n"),
    ]);
    let said = check(folder.path(), &["check"], Exit::Clean, "");
    assert_eq!(said.out, "package `p`: 1 file, no findings\n");
}

#[test]
fn a_lock_out_of_date_is_a_finding_until_it_is_written() {
    let folder = scaffold();
    let lock = folder.path().join("demo/sprag.lock");
    let good = fs::read_to_string(&lock).unwrap();
    fs::remove_file(&lock).unwrap();
    check(folder.path(), &["check", "demo"], Exit::Findings, "");
    let said = check(folder.path(), &["lock", "--check", "demo"], Exit::Findings, "");
    assert_eq!(said.out, "demo/sprag.lock is out of date; `sprag lock` writes it\n");
    check(folder.path(), &["lock", "demo"], Exit::Clean, "");
    assert_eq!(fs::read_to_string(&lock).unwrap(), good);
    let catalog = folder.path().join("demo/catalogs/helpdesk.sprag");
    let text = fs::read_to_string(&catalog).unwrap();
    fs::write(&catalog, text + "\n// changed\n").unwrap();
    check(folder.path(), &["check", "demo"], Exit::Findings, "");
    check(folder.path(), &["lock", "--check", "demo"], Exit::Findings, "");
}

#[test]
fn findings_go_to_standard_output_in_the_format_asked_for() {
    let folder =
        folder(&[("sprag.toml", MANIFEST), ("a.sprag", "permit nobody to read\nrole r { unheard }\n")]);
    let said = check(folder.path(), &["check"], Exit::Findings, "");
    assert!(said.out.contains("a.sprag:1:8") && said.out.contains("error[E"), "{}", said.out);
    let said = check(folder.path(), &["check", "--output-format", "concise"], Exit::Findings, "");
    assert!(said.out.starts_with("a.sprag:1:8: error[E"), "{}", said.out);
    let said = check(folder.path(), &["check", "--output-format=json"], Exit::Findings, "");
    let found: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(found[0]["labels"][0]["start"]["line"], 1);
    assert_eq!(found[0]["severity"], "error");
    let said = check(folder.path(), &["--color", "always", "check"], Exit::Findings, "");
    assert!(said.out.contains("\u{1b}["), "{}", said.out);
    check(
        folder.path(),
        &["check", "--output-format=xml"],
        Exit::Failed,
        "[possible values: full, concise, json, json-lines, sarif, github, gitlab, junit, rdjson, markdown]",
    );
    check(folder.path(), &["test"], Exit::Findings, "error[E");
    check(folder.path(), &["build"], Exit::Findings, "error[E");
    check(folder.path(), &["lock"], Exit::Findings, "error[E");
}

#[test]
fn formatting_writes_checks_and_shows_differences() {
    let folder = folder(&[("a.sprag", "role   r{read}\n"), ("b.sprag", "role r { read }\n")]);
    let said = check(folder.path(), &["fmt", "--check"], Exit::Findings, "2 files: 1 would change");
    assert_eq!(said.out, "a.sprag\n");
    let said = check(folder.path(), &["fmt", "--diff"], Exit::Findings, "");
    assert_eq!(said.out, "--- a/a.sprag\n+++ b/a.sprag\n@@ -1 +1 @@\n-role   r{read}\n+role r { read }\n");
    check(folder.path(), &["fmt"], Exit::Clean, "2 files: 1 changed");
    assert_eq!(fs::read_to_string(folder.path().join("a.sprag")).unwrap(), "role r { read }\n");
    check(folder.path(), &["fmt", "--check", "a.sprag", "."], Exit::Clean, "2 files: 0 would change");
    let said = sprag(folder.path(), &["fmt", "-"], "role   r{read}");
    assert_eq!((said.exit, said.out.as_str()), (Exit::Clean, "role r { read }\n"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left beside");
}

#[test]
fn what_cannot_be_parsed_is_not_formatted() {
    let text = "role r { read\n";
    let folder = folder(&[("a.sprag", text), ("b.sprag", "role   r{read}")]);
    check(folder.path(), &["fmt"], Exit::Findings, "error[E");
    assert_eq!(fs::read_to_string(folder.path().join("a.sprag")).unwrap(), text);
    assert_eq!(fs::read_to_string(folder.path().join("b.sprag")).unwrap(), "role r { read }\n");
}

#[test]
fn failed_tests_are_findings_in_every_format() {
    let folder = scaffold();
    let wrong = "\ntest \"wrong <&> \\\"quoted\\\"\" {\n  triage to helpdesk.ticket.get in ticket T-1 in queue it\n  \
                 expect deny by scope\n}\n";
    let path = folder.path().join("demo/tests.sprag");
    let text = fs::read_to_string(&path).unwrap();
    let line = text.lines().count() + 2;
    fs::write(&path, text + wrong).unwrap();

    let said = check(folder.path(), &["test", "demo"], Exit::Findings, "");
    assert!(said.out.contains("FAIL wrong <&> \"quoted\""), "{}", said.out);
    assert!(
        said.out.contains(&format!("demo/tests.sprag:{}:3: com.example.triage to", line + 1)),
        "{}",
        said.out
    );
    assert!(said.out.contains("expected deny, got permit"), "{}", said.out);
    assert!(said.out.contains("`triage-works-in-it` (demo/policy.sprag:"), "{}", said.out);
    assert!(said.out.ends_with("4 tests with 5 cases: 1 failed\n"), "{}", said.out);

    let said = check(folder.path(), &["test", "demo", "--output-format", "junit"], Exit::Findings, "");
    assert!(said.out.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"), "{}", said.out);
    assert!(
        said.out.contains("<testsuites name=\"demo\" tests=\"4\" skipped=\"0\" failures=\"1\" errors=\"0\""),
        "{}",
        said.out
    );
    assert!(said.out.contains("<testsuite name=\"demo/tests.sprag\" tests=\"4\""), "{}", said.out);
    assert!(said.out.contains("name=\"wrong &lt;&amp;&gt; &quot;quoted&quot;\""), "{}", said.out);
    assert!(said.out.contains(&format!("file=\"demo/tests.sprag\" line=\"{line}\"")), "{}", said.out);
    assert!(said.out.contains("<failure message=") && said.out.contains("type=\"effect\""), "{}", said.out);
    well_formed(&said.out);

    let file = folder.path().join("out.json");
    let args = ["test", "demo", "--output-format", "json", "-o", "out.json"];
    assert_eq!(check(folder.path(), &args, Exit::Findings, "").out, "");
    let results: serde_json::Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(results["passed"], false);
    assert_eq!(results["tests"][3]["cases"][0]["failures"][0]["kind"], "effect");

    let said = check(folder.path(), &["test", "demo", "--filter", "confidential"], Exit::Clean, "");
    assert!(
        said.out.ends_with("1 test with 2 cases: all passed, 3 left out by the filter\n"),
        "{}",
        said.out
    );
}

#[test]
fn what_tests_reach_is_measured_and_demanded() {
    let folder = scaffold();
    let said = check(folder.path(), &["test", "demo", "--coverage", "--mutation"], Exit::Clean, "");
    for part in ["decisive in some case", "mistakes:", "noticed"] {
        assert!(said.out.contains(part), "{}", said.out);
    }
    let said = check(folder.path(), &["test", "demo", "--min-mutation", "100"], Exit::Findings, "");
    assert!(said.out.contains("% reached, 100 % wanted"), "{}", said.out);
    let json = ["test", "demo", "--mutation", "--coverage", "--output-format", "json"];
    let said = check(folder.path(), &json, Exit::Clean, "");
    let value: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let noticed = &value["mutation"]["noticed"];
    let survivors = value["mutation"]["survivors"].as_array().unwrap().len() as u64;
    assert_eq!(noticed["of"].as_u64().unwrap() - noticed["part"].as_u64().unwrap(), survivors);

    let demand = format!("{}\n[test]\nmin-rules = 100\nmin-mutation = 101\n", manifest(folder.path()));
    for wrong in ["101", "-1", "33.3", "\"all\""] {
        fs::write(folder.path().join("demo/sprag.toml"), demand.replace("101", wrong)).unwrap();
        let sentence = format!("expected a whole number of percent from 0 to 100, found `{wrong}`");
        check(folder.path(), &["test", "demo"], Exit::Failed, &sentence);
    }
    fs::write(folder.path().join("demo/sprag.toml"), demand.replace("101", "100")).unwrap();
    let said = check(folder.path(), &["test", "demo", "--output-format", "junit"], Exit::Findings, "");
    well_formed(&said.out);
    assert!(said.out.contains("<testsuite name=\"coverage\""), "{}", said.out);
    // A part of the tests reaches only a part, so nothing is demanded of it.
    let title = said.out.split("<testcase name=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    check(folder.path(), &["test", "demo", "--filter", &title], Exit::Clean, "");
}

/// The manifest of the package `demo` in the folder.
fn manifest(folder: &Path) -> String {
    fs::read_to_string(folder.join("demo/sprag.toml")).unwrap()
}

/// Every tag of the document is closed, in order.
#[track_caller]
fn well_formed(xml: &str) {
    let mut open = Vec::new();
    for tag in xml.split('<').skip(1).map(|t| t.split_once('>').expect("a tag ends").0) {
        let name = tag.split_whitespace().next().unwrap_or_default();
        if let Some(name) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.starts_with(['?', '!']) && !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}

#[test]
fn a_missing_or_damaged_bundle_is_refused_with_a_sentence() {
    let folder = folder(&[("bad.spragb", "SPRAGB but no more")]);
    for command in ["decide", "show"] {
        let sentence = "sprag: cannot read no.spragb: there is no such file or folder";
        check(folder.path(), &[command, "no.spragb"], Exit::Failed, sentence);
        let said =
            check(folder.path(), &[command, "bad.spragb"], Exit::Failed, "sprag: bad.spragb is refused: ");
        assert_eq!(said.out, "");
    }
}

const GET: &str = r#"{"subject":{"type":"app","id":"com.example.triage"},"action":{"name":"helpdesk.ticket.get"},
"resource":{"type":"ticket","id":"T-1","properties":{"ancestors":[{"type":"queue","id":"QUEUE"}]}}}"#;

/// The request on one line.
fn get(queue: &str) -> String {
    GET.replace('\n', "").replace("QUEUE", queue) + "\n"
}

#[test]
fn a_bundle_answers_objects_arrays_and_lines() {
    let folder = scaffold();
    check(folder.path(), &["build", "demo"], Exit::Clean, "demo.spragb: ");
    let (yes, no) =
        ("{\"decision\":true}\n", "{\"decision\":false,\"context\":{\"reasons\":[{\"layer\":\"rules\"");
    let decide = |input: &str| sprag(folder.path(), &["decide", "demo.spragb"], input);

    let said = decide(&GET.replace("QUEUE", "it"));
    assert_eq!((said.exit, said.out.as_str(), said.err.as_str()), (Exit::Clean, yes, ""));
    let said = decide(&get("payroll"));
    assert_eq!(said.exit, Exit::Clean, "{}", said.err);
    assert!(said.out.starts_with(no), "{}", said.out);
    let answer: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let reason = &answer["context"]["reasons"][0];
    assert_eq!(reason["rule"], "confidential-stays-closed");
    assert_eq!(reason["text"], "what is confidential is for people");
    assert!(reason["at"].as_str().unwrap().starts_with("policy.sprag:"), "{reason}");

    let said = decide(&format!("{}not json\n{{}}\n{}", get("it"), get("payroll")));
    let answers: Vec<_> = said.out.lines().collect();
    assert_eq!((said.exit, answers.len()), (Exit::Failed, 4), "{}", said.out);
    assert_eq!(answers[0], yes.trim_end());
    assert!(
        answers[1].starts_with("{\"decision\":false,\"context\":{\"error\":{\"status\":400"),
        "{}",
        answers[1]
    );
    assert!(answers[3].starts_with(no), "{}", answers[3]);
    assert!(said.err.contains("standard input:2: malformed JSON"), "{}", said.err);
    assert!(said.err.contains("standard input:3: /subject: "), "{}", said.err);

    let said = decide(&format!("[{},{}]", get("it"), get("payroll")));
    assert_eq!((said.exit, said.out.lines().count()), (Exit::Clean, 2));
    let said = decide("{\"subject\":{\"type\":\"app\"}}");
    assert_eq!((said.exit, said.out.as_str()), (Exit::Failed, ""));
    assert!(said.err.starts_with("sprag: standard input: malformed request: /subject/id: "), "{}", said.err);

    fs::write(folder.path().join("request.json"), get("it")).unwrap();
    let args = ["decide", "demo.spragb", "--request", "request.json", "--explain"];
    let said = check(folder.path(), &args, Exit::Clean, "");
    assert!(said.out.contains("\"permitted_by\":[{\"rule\":"), "{}", said.out);
    assert!(said.out.contains("triage-works-in-it"), "{}", said.out);
    check(folder.path(), &["show", "demo.spragb"], Exit::Clean, "");
}

#[test]
fn a_bundle_with_any_bit_turned_is_refused() {
    let folder = scaffold();
    check(folder.path(), &["build", "demo", "-o", "good.spragb"], Exit::Clean, "");
    let good = fs::read(folder.path().join("good.spragb")).unwrap();
    for at in (0..good.len()).step_by(good.len() / 40) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        fs::write(folder.path().join("bad.spragb"), bad).unwrap();
        check(folder.path(), &["decide", "bad.spragb"], Exit::Failed, "sprag: bad.spragb is refused: ");
    }
    fs::write(folder.path().join("bad.spragb"), &good[..good.len() - 1]).unwrap();
    check(folder.path(), &["decide", "bad.spragb"], Exit::Failed, "sprag: bad.spragb is refused: ");
}

#[test]
fn the_same_package_gives_the_same_bytes_wherever_it_lies() {
    let (one, two) = (scaffold(), scaffold());
    check(one.path(), &["build", "demo", "-o", "out"], Exit::Clean, "");
    check(&two.path().join("demo/catalogs"), &["build", "-o", "out"], Exit::Clean, "");
    let bytes = [one.path().join("out"), two.path().join("demo/catalogs/out")].map(|p| fs::read(p).unwrap());
    assert!(bytes[0] == bytes[1]);
}

#[test]
fn codes_are_explained() {
    let here = Path::new(".");
    let said = check(here, &["explain"], Exit::Clean, "");
    for line in said.out.lines() {
        let code = line.split_whitespace().next().unwrap();
        let page = check(here, &["explain", &code.to_lowercase()], Exit::Clean, "");
        assert!(page.out.starts_with("# "), "{}", page.out);
    }
    check(here, &["explain", "X1"], Exit::Failed, "there is no finding with code `X1`");
}

#[test]
fn completions_and_manual_pages_are_printed() {
    let here = Path::new(".");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let said = check(here, &["completions", shell], Exit::Clean, "");
        assert!(said.out.contains("decide"), "{shell}");
    }
    assert!(check(here, &["man"], Exit::Clean, "").out.contains("sprag\\-decide(1)"));
    assert!(check(here, &["man", "decide"], Exit::Clean, "").out.contains(".TH"));
    check(here, &["man", "nothing"], Exit::Failed, "there is no command `nothing`");
}

#[test]
fn wrong_arguments_fail_and_help_does_not() {
    let here = Path::new(".");
    check(here, &["frobnicate"], Exit::Failed, "unrecognized subcommand");
    check(here, &["fmt", "--check", "--diff"], Exit::Failed, "cannot be used with");
    let said = check(here, &["--help"], Exit::Clean, "");
    assert!(said.out.contains("Exit codes: 0"), "{}", said.out);
    for exit in [(Exit::Clean, 0), (Exit::Findings, 1), (Exit::Failed, 2)] {
        assert_eq!(exit.0 as u8, exit.1);
    }
}

/// Writes what fits, then the reader is gone.
struct Closed(usize);

impl Write for Closed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0 {
            0 => Err(io::ErrorKind::BrokenPipe.into()),
            left => {
                let taken = left.min(bytes.len());
                self.0 -= taken;
                Ok(taken)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_pipe_is_success() {
    for args in [&["--help"][..], &["man"], &["completions", "bash"], &["check", "demo"], &["test", "demo"]] {
        let folder = scaffold();
        let mut err = Vec::new();
        let mut cx = Context {
            cwd: fs::canonicalize(folder.path()).unwrap(),
            input: &mut io::empty(),
            out: &mut Closed(10),
            err: &mut err,
            look: Look::PLAIN,
            quiet: false,
            progress: false,
        };
        assert_eq!(cli::run(["sprag"].iter().chain(args), &mut cx), Exit::Clean, "{args:?}");
        assert_eq!(err, b"", "{args:?}");
    }
}

/// The program itself, with a bare environment and these variables.
fn program(folder: &Path, args: &[&str], variables: &[(&str, &str)]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sprag"));
    command.args(args).current_dir(folder).env_clear().envs(variables.iter().copied()).stdin(Stdio::null());
    let done = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (done.status.code().unwrap_or(-1), text(done.stdout), text(done.stderr))
}

#[test]
fn the_program_ends_with_the_exit_codes_of_the_table() {
    let folder = scaffold();
    fs::write(folder.path().join("bad.spragb"), "x").unwrap();
    fs::create_dir(folder.path().join("bad")).unwrap();
    fs::write(folder.path().join("bad/sprag.toml"), MANIFEST).unwrap();
    fs::write(folder.path().join("bad/a.sprag"), "permit\n").unwrap();
    let table: &[(&[&str], i32)] = &[
        (&["--version"], 0),
        (&["check", "demo"], 0),
        (&["test", "demo"], 0),
        (&["check", "bad"], 1),
        (&["test", "bad"], 1),
        (&["build", "bad"], 1),
        (&["fmt", "--check", "bad"], 1),
        (&["check", "nowhere"], 2),
        (&["decide", "bad.spragb"], 2),
        (&["show", "nowhere.spragb"], 2),
        (&["explain", "E"], 2),
        (&["frobnicate"], 2),
        (&[], 2),
    ];
    for (args, code) in table {
        let (exit, out, err) = program(folder.path(), args, &[]);
        assert_eq!(exit, *code, "{args:?}\n{out}{err}");
        assert!(*code != 2 || (out.is_empty() && !err.is_empty()), "{args:?}: {out}");
    }
}

#[test]
fn the_environment_decides_about_colours_and_arguments_overrule_it() {
    let folder = folder(&[("sprag.toml", MANIFEST), ("a.sprag", "permit\n")]);
    let colored = |args: &[&str], variables: &[(&str, &str)]| {
        program(folder.path(), args, variables).1.contains('\u{1b}')
    };
    assert!(!colored(&["check"], &[]), "a pipe is no terminal");
    assert!(colored(&["check"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!colored(&["check"], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(!colored(&["check", "--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    assert!(colored(&["check", "--color", "always"], &[("NO_COLOR", "1")]));
}

// ---- sprag scopes

const OFFICE: &[(&str, &str)] = &[
    ("sprag.toml", MANIFEST),
    (
        "office.sprag",
        "catalog office version \"1\"\n\nkind desk\n\nmodel keys\nmodel bare\n\nscope keys all level 4 implies look\n\
         scope keys look level 1\nscope keys turn level 2\nscope bare open\n\n\
         operation office.look { access read in desk http GET \"/desks/{id}\" requires keys look }\n\
         operation office.turn { access write in desk requires keys all or turn requires bare open }\n\
         operation office.burn { access admin in desk requires keys all }\n",
    ),
    (
        "policy.sprag",
        "use office\n\nrole worker { any operation }\n\napp robot {\n  key \"robot\"\n  platform office.keys\n  \
         requests all\n  user worker\n}\n\napp bare {\n  key \"bare\"\n  platform office.bare\n  requests open\n  \
         user worker\n}\n\npermit any app to office.look, office.turn\n",
    ),
];

#[test]
fn the_smallest_grant_is_told_with_what_it_opens() {
    let folder = folder(OFFICE);
    assert_eq!(sprag(folder.path(), &["lock"], "").exit, Exit::Clean);
    let said = sprag(folder.path(), &["scopes", "--app", "robot"], "");
    assert_eq!(
        said.out,
        "robot\n\
         \x20 needs     2 operations: office.look, office.turn\n\
         \x20 holds     all: 1 operation beyond need, 2 scopes held\n\
         \x20 smallest  look, turn: 2 scopes held\n\
         \x20 goes      all\n\
         \x20 comes     turn\n\
         \x20 widens    it gives what is not held now: a person must decide that\n\
         \x20 beyond    nothing\n\
         \x20 proof     no grant costs less: the lower bound is equal, in 1 case\n\
         \x20 greedy    would find 1 operation beyond need, 2 scopes held; weighted by cost 2 scopes held\n",
        "{}",
        said.err
    );
    assert_eq!(said.exit, Exit::Findings);
    let said = sprag(folder.path(), &["scopes", "--app", "bare"], "");
    assert_eq!(said.exit, Exit::Clean, "{}{}", said.out, said.err);
}

#[test]
fn the_smallest_grant_for_a_list_of_calls_and_by_level() {
    let folder = folder(OFFICE);
    assert_eq!(sprag(folder.path(), &["lock"], "").exit, Exit::Clean);
    let args = ["scopes", "--app", "robot", "--calls", "-", "--cost", "level", "--json"];
    let said = sprag(folder.path(), &args, "# one call\n\nGET /desks/7\n");
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let robot = &json["apps"][0];
    assert_eq!(robot["needed"], serde_json::json!(["office.look"]));
    assert_eq!(robot["goes"], serde_json::json!(["all"]));
    assert_eq!(robot["smallest"]["requests"], serde_json::json!(["look"]));
    let cost = serde_json::json!(
        {"level-4-scopes": 0, "level-2-scopes": 0, "level-1-scopes": 1, "operations": 0}
    );
    assert_eq!(robot["smallest"]["cost"], cost);
    assert_eq!(robot["certificate"]["lower_bound"], cost);
    assert_eq!(robot["certificate"]["proved"], true);
    assert_eq!(said.exit, Exit::Findings);
}

#[test]
fn what_has_no_smallest_grant_is_a_sentence() {
    let folder = folder(OFFICE);
    assert_eq!(sprag(folder.path(), &["lock"], "").exit, Exit::Clean);
    for (args, input, sentence) in [
        (&["--app", "robto"][..], "", "there is no app `robto`; did you mean `robot`?"),
        (
            &["--app", "bare", "--cost", "level"],
            "",
            "the catalogs say no level of any scope that `bare` could hold; --cost level counts levels",
        ),
        (
            &["--app", "bare", "--calls", "-"],
            "office.burn\n",
            "the permission models of `bare` do not have `office.burn`",
        ),
        (
            &["--calls", "-"],
            "office.look\nofice.turn\n",
            "standard input:2: no operation is called or answers to `ofice.turn`; did you mean `office.turn`?",
        ),
    ] {
        let args: Vec<&str> = ["scopes"].iter().chain(args).copied().collect();
        let said = sprag(folder.path(), &args, input);
        assert_eq!(said.err, format!("sprag: {sentence}\n"));
        assert_eq!(said.exit, Exit::Failed);
    }
}
