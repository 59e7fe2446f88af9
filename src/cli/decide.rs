//! `sprag decide`

use std::io::{self, BufRead, Write};
use std::path::PathBuf;

use serde_json::Value;

use super::{Context, Exit, bundle, failed, files};

mod stateful;
use crate::json;
use crate::request::Request;

/// Answer requests from a bundle, as an AuthZEN decision point would.
///
/// The input is one JSON object, an array of them, or JSON Lines: an object on each line, answered as it comes.
/// Every request gets one line of output. With a store, what it knows of the installation takes the place of what a
/// request says about stages, approved scopes and withdrawals; what it does not know is not held.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The bundle.
    bundle: PathBuf,
    /// A file with requests, or `-` for standard input.
    #[arg(long, value_name = "FILE", default_value = "-")]
    request: PathBuf,
    /// Name the rules that permit too, and tell on standard error what of a request meant nothing.
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    state: stateful::StateArgs,
}

/// 0 when everything was answered, permit or deny; 2 for a damaged bundle, a malformed request or a store that
/// cannot be believed. A malformed one among several is denied with an error in its answer, and the others are
/// answered.
pub fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let bytes = files::read_bytes(&cx.cwd, &cx.cwd.join(&args.bundle))?;
    let refused = |why| failed(format!("{} is refused: {why}", files::shown(&cx.cwd, &args.bundle)));
    let mut point = bundle::open(&bytes).map_err(refused)?;
    let state = args.state.open(&args.bundle, &bytes, cx)?;
    let mut answer = |request: &Value, err: &mut dyn Write| {
        let mut known = |request: &mut Request| match &state {
            None => Ok(None),
            Some(state) => state.apply(request).inspect_err(|why| {
                // The answer says it too.
                let _ = writeln!(err, "sprag: {why}");
            }),
        };
        let (answer, notes) = bundle::answer(&mut point, request, args.explain, &mut known)?;
        for note in notes.iter().filter(|_| args.explain) {
            // The answer matters more than whether this can be told.
            let _ = writeln!(err, "note: {}: {}", note.pointer, note.message);
        }
        Ok(answer)
    };
    let text;
    let (name, mut file);
    let input: &mut dyn BufRead = if args.request.as_os_str() == "-" {
        name = "standard input".to_owned();
        cx.input
    } else {
        text = files::read_text(&cx.cwd, &cx.cwd.join(&args.request))?;
        name = files::shown(&cx.cwd, &args.request);
        file = text.as_bytes();
        &mut file
    };
    let exit = Desk { name: &name, out: cx.out, err: cx.err, answer: &mut answer, bad: false }.all(input)?;
    Ok(if state.is_some_and(|state| state.has_failed()) { Exit::Failed } else { exit })
}

/// Where requests come in and answers go out.
struct Desk<'a> {
    /// What the input is called.
    name: &'a str,
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
    /// The answer to a request, or what is malformed in it.
    answer: &'a mut dyn FnMut(&Value, &mut dyn Write) -> Result<Value, String>,
    /// Whether something malformed was answered.
    bad: bool,
}

impl Desk<'_> {
    /// Answers everything in the input. Who asks line by line gets each answer before the next question.
    fn all(mut self, input: &mut dyn BufRead) -> io::Result<Exit> {
        let mut head = Vec::new();
        let mut number = 0;
        while head.trim_ascii().is_empty() {
            head.clear();
            number += 1;
            if input.read_until(b'\n', &mut head)? == 0 {
                return Err(failed(format!("{}: there is no request", self.name)));
            }
        }
        match json::parse(&head) {
            Ok(first @ Value::Object(_)) => {
                let place = format!("{}:{number}", self.name);
                let told = (self.answer)(&first, self.err);
                if let Err(why) = &told {
                    // A malformed object that stands alone is no stream to go on with.
                    match skip_blanks(input)? {
                        Some(lines) => number += lines,
                        None => return Err(self.malformed(why)),
                    }
                }
                self.tell(told, &place)?;
                self.lines(number, input)
            }
            Ok(_) | Err(_) => self.document(head, number, input),
        }
    }

    /// One request over many lines, an array of them, or lines of which the first is broken.
    fn document(mut self, head: Vec<u8>, number: u64, input: &mut dyn BufRead) -> io::Result<Exit> {
        let start = head.len();
        let mut whole = head;
        input.read_to_end(&mut whole)?;
        match json::parse(&whole) {
            Ok(Value::Array(requests)) => {
                for (i, request) in requests.iter().enumerate() {
                    let told = (self.answer)(request, self.err);
                    self.tell(told, &format!("{}: request {i}", self.name))?;
                }
                Ok(self.exit())
            }
            Ok(request) => {
                let answer = (self.answer)(&request, self.err).map_err(|why| self.malformed(&why))?;
                writeln!(self.out, "{answer}")?;
                Ok(Exit::Clean)
            }
            Err(_) if next_line_is_whole(&whole[start..]) => {
                self.line(&whole[..start], number)?;
                self.lines(number, &mut &whole[start..])
            }
            Err(e) => Err(failed(format!("{}: malformed JSON: {e}", self.name))),
        }
    }

    /// JSON Lines after line `number`.
    fn lines(mut self, mut number: u64, input: &mut dyn BufRead) -> io::Result<Exit> {
        let mut line = Vec::new();
        while input.read_until(b'\n', &mut line)? > 0 {
            number += 1;
            if !line.trim_ascii().is_empty() {
                self.line(&line, number)?;
            }
            line.clear();
        }
        Ok(self.exit())
    }

    fn line(&mut self, line: &[u8], number: u64) -> io::Result<()> {
        let told = match json::parse(line) {
            Ok(request) => (self.answer)(&request, self.err),
            Err(e) => Err(format!("malformed JSON: {e}")),
        };
        self.tell(told, &format!("{}:{number}", self.name))
    }

    fn tell(&mut self, told: Result<Value, String>, place: &str) -> io::Result<()> {
        let answer = match told {
            Ok(answer) => answer,
            Err(why) => {
                self.bad = true;
                writeln!(self.err, "sprag: {place}: {why}")?;
                refusal(&why)
            }
        };
        writeln!(self.out, "{answer}")?;
        // Somebody may wait for this answer before asking again.
        self.out.flush()
    }

    fn malformed(&self, why: &str) -> io::Error {
        failed(format!("{}: malformed request: {why}", self.name))
    }

    fn exit(&self) -> Exit {
        if self.bad { Exit::Failed } else { Exit::Clean }
    }
}

/// Skips blanks before the next request and counts the lines they end; `None` if there is no next one.
fn skip_blanks(input: &mut dyn BufRead) -> io::Result<Option<u64>> {
    let mut lines = 0;
    loop {
        let ahead = input.fill_buf()?;
        if ahead.is_empty() {
            return Ok(None);
        }
        let blanks = ahead.iter().take_while(|b| b.is_ascii_whitespace()).count();
        if blanks < ahead.len() {
            return Ok(Some(lines));
        }
        lines += ahead.iter().filter(|b| **b == b'\n').count() as u64;
        input.consume(blanks);
    }
}

fn next_line_is_whole(rest: &[u8]) -> bool {
    let mut lines = rest.split(|b| *b == b'\n').filter(|l| !l.trim_ascii().is_empty());
    lines.next().is_some_and(|l| matches!(json::parse(l), Ok(Value::Object(_))))
}

/// The answer to what is no request: AuthZEN's shape for an invalid item of a batch.
fn refusal(why: &str) -> Value {
    serde_json::json!({ "decision": false, "context": { "error": { "status": 400, "message": why } } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Exit or sentence, output, and standard error.
    fn conversation(input: &str) -> (Result<Exit, String>, String, String) {
        let mut answer = |request: &Value, _: &mut dyn Write| match request.get("ask") {
            Some(ask) => Ok(json!({ "decision": ask })),
            None => Err("`/ask` is missing".to_owned()),
        };
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let desk = Desk { name: "in", out: &mut out, err: &mut err, answer: &mut answer, bad: false };
        let done = desk.all(&mut input.as_bytes());
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (done.map_err(|e| e.to_string()), text(out), text(err))
    }

    #[track_caller]
    fn check(input: &str, exit: Exit, out: &str, err: &str) {
        assert_eq!(conversation(input), (Ok(exit), out.to_owned(), err.to_owned()));
    }

    #[track_caller]
    fn check_fails(input: &str, sentence: &str) {
        assert_eq!(conversation(input), (Err(sentence.to_owned()), String::new(), String::new()));
    }

    const YES: &str = "{\"decision\":true}\n";
    const NO: &str = "{\"decision\":false}\n";

    #[test]
    fn one_object_on_one_line_or_many() {
        check("{\"ask\":true}", Exit::Clean, YES, "");
        check("\n\n{\"ask\":true}\n\n", Exit::Clean, YES, "");
        check("{\n  \"ask\":\n true\n}\n", Exit::Clean, YES, "");
        check_fails("{\"no\":1}", "in: malformed request: `/ask` is missing");
        check_fails("{\n\"no\":1\n}", "in: malformed request: `/ask` is missing");
        check_fails("[1", "in: malformed JSON: EOF while parsing a list at line 1 column 2");
        check_fails("", "in: there is no request");
        check_fails("\n \n", "in: there is no request");
        check_fails("{}", "in: malformed request: `/ask` is missing");
        check_fails("3", "in: malformed request: `/ask` is missing");
    }

    #[test]
    fn an_array_is_answered_line_by_line() {
        check("[{\"ask\":true},\n{\"ask\":false}]", Exit::Clean, &format!("{YES}{NO}"), "");
        check("[]", Exit::Clean, "", "");
        let bad = "{\"decision\":false,\"context\":{\"error\":{\"status\":400,\"message\":\"`/ask` is missing\"}}}\n";
        let told = "sprag: in: request 0: `/ask` is missing\n";
        check("[{},{\"ask\":true}]", Exit::Failed, &format!("{bad}{YES}"), told);
    }

    #[test]
    fn a_bad_line_is_told_by_number_and_the_rest_is_answered() {
        check("{\"ask\":true}\n\n{\"ask\":false}\n", Exit::Clean, &format!("{YES}{NO}"), "");
        let (exit, out, err) = conversation("{\"ask\":true}\n{oops\n{\"ask\":false}");
        assert_eq!(exit, Ok(Exit::Failed));
        assert_eq!(out.lines().count(), 3);
        assert!(err.starts_with("sprag: in:2: malformed JSON"), "{err}");
        let (exit, out, err) = conversation("{oops\n{\"ask\":false}\n{}\n");
        assert_eq!(exit, Ok(Exit::Failed));
        assert_eq!(out.lines().count(), 3);
        assert!(err.contains("in:1: malformed JSON") && err.contains("in:3: `/ask`"), "{err}");
    }
}
