//! `sprag decide`

use std::io::{self, BufRead, Write};
use std::path::PathBuf;

use serde_json::{Value, json};

use super::bundle::Bundle;
use super::{Context, Exit, failed, files};

/// Answer requests from a bundle, as an AuthZEN decision point would.
///
/// The input is one JSON object, an array of them, or JSON Lines: an object on each line, answered as it comes.
/// Every request gets one line of output.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The bundle.
    bundle: PathBuf,
    /// A file with requests, or `-` for standard input.
    #[arg(long, value_name = "FILE", default_value = "-")]
    request: PathBuf,
    /// Name every rule that decided, with its place and its reason.
    #[arg(long)]
    explain: bool,
}

/// 0 when everything was answered, permit or deny; 2 for a damaged bundle or a malformed request. A malformed one
/// among several is denied with an error in its answer, and the others are answered.
pub fn run(args: &Args, cx: &mut Context<'_>) -> io::Result<Exit> {
    let bytes = files::read_bytes(&cx.cwd, &cx.cwd.join(&args.bundle))?;
    let refused = |why| failed(format!("{} is refused: {why}", files::shown(&cx.cwd, &args.bundle)));
    let bundle = Bundle::load(&bytes).map_err(refused)?;
    let answer = |request: &Value| bundle.answer(request, args.explain);
    if args.request.as_os_str() == "-" {
        return answer_all("standard input", cx.input, cx.out, cx.err, &answer);
    }
    let text = files::read_text(&cx.cwd, &cx.cwd.join(&args.request))?;
    let name = files::shown(&cx.cwd, &args.request);
    answer_all(&name, &mut text.as_bytes(), cx.out, cx.err, &answer)
}

/// Where the request is malformed and what was expected there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) String);

type Answer<'a> = &'a dyn Fn(&Value) -> Result<Value, Malformed>;

/// Answers everything in the input. Whoever asks line by line gets each answer before the next question.
fn answer_all(
    name: &str,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
    err: &mut dyn Write,
    answer: Answer<'_>,
) -> io::Result<Exit> {
    let mut head = Vec::new();
    let mut number = 0;
    while head.trim_ascii().is_empty() {
        head.clear();
        number += 1;
        if input.read_until(b'\n', &mut head)? == 0 {
            return Err(failed(format!("{name}: there is no request")));
        }
    }
    let mut lines = Lines { name, number, bad: 0, first: serde_json::from_slice(&head).ok() };
    if !matches!(lines.first, Some(Value::Object(_))) {
        let mut whole = head.clone();
        input.read_to_end(&mut whole)?;
        match serde_json::from_slice(&whole) {
            Ok(Value::Array(requests)) => return array(name, &requests, out, err, answer),
            Ok(request) => {
                let malformed = |Malformed(why)| failed(format!("{name}: malformed request: {why}"));
                writeln!(out, "{}", answer(&request).map_err(malformed)?)?;
                return Ok(Exit::Clean);
            }
            // JSON Lines whose first line is broken: another line is whole.
            Err(_) if is_lines(&whole[head.len()..]) => {
                lines.line(&head, out, err, answer)?;
                return lines.rest(&mut &whole[head.len()..], out, err, answer);
            }
            Err(e) => return Err(failed(format!("{name}: malformed JSON: {e}"))),
        }
    }
    lines.rest(input, out, err, answer)
}

fn is_lines(rest: &[u8]) -> bool {
    let mut lines = rest.split(|b| *b == b'\n').filter(|l| !l.trim_ascii().is_empty());
    lines.next().is_some_and(|l| matches!(serde_json::from_slice(l), Ok(Value::Object(_))))
}

fn array(
    name: &str,
    requests: &[Value],
    out: &mut dyn Write,
    err: &mut dyn Write,
    answer: Answer<'_>,
) -> io::Result<Exit> {
    let mut exit = Exit::Clean;
    for (i, request) in requests.iter().enumerate() {
        let answer = answer(request).or_else(|Malformed(why)| {
            exit = Exit::Failed;
            writeln!(err, "sprag: {name}: request {i}: malformed request: {why}")?;
            Ok::<_, io::Error>(refusal(&why))
        })?;
        writeln!(out, "{answer}")?;
    }
    Ok(exit)
}

/// JSON Lines, read so far up to line `number`.
struct Lines<'a> {
    name: &'a str,
    number: u64,
    bad: u64,
    /// The first line, read but not yet answered.
    first: Option<Value>,
}

impl Lines<'_> {
    fn rest(
        mut self,
        input: &mut dyn BufRead,
        out: &mut dyn Write,
        err: &mut dyn Write,
        answer: Answer<'_>,
    ) -> io::Result<Exit> {
        let first = self.first.take();
        let mut line = Vec::new();
        let more = input.read_until(b'\n', &mut line)? > 0;
        if let Some(first) = first {
            match answer(&first) {
                // A single object that is malformed is no stream to go on with.
                Err(Malformed(why)) if !more => {
                    return Err(failed(format!("{}: malformed request: {why}", self.name)));
                }
                told => self.tell(told, out, err)?,
            }
        }
        while !line.is_empty() {
            self.number += 1;
            if !line.trim_ascii().is_empty() {
                self.line(&line, out, err, answer)?;
            }
            line.clear();
            input.read_until(b'\n', &mut line)?;
        }
        Ok(if self.bad > 0 { Exit::Failed } else { Exit::Clean })
    }

    fn line(
        &mut self,
        line: &[u8],
        out: &mut dyn Write,
        err: &mut dyn Write,
        answer: Answer<'_>,
    ) -> io::Result<()> {
        let request = serde_json::from_slice(line).map_err(|e| Malformed(format!("malformed JSON: {e}")));
        self.tell(request.and_then(|r: Value| answer(&r)), out, err)
    }

    fn tell(
        &mut self,
        told: Result<Value, Malformed>,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> io::Result<()> {
        let answer = told.or_else(|Malformed(why)| {
            self.bad += 1;
            writeln!(err, "sprag: {}:{}: {why}", self.name, self.number)?;
            Ok::<_, io::Error>(refusal(&why))
        })?;
        writeln!(out, "{answer}")?;
        // Somebody may wait for this answer before asking again.
        out.flush()
    }
}

/// The answer to what is no request: AuthZEN's shape for an invalid item of a batch.
fn refusal(why: &str) -> Value {
    json!({ "decision": false, "context": { "error": { "status": 400, "message": why } } })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Exit or sentence, output, and standard error.
    fn conversation(input: &str) -> (Result<Exit, String>, String, String) {
        let answer = |request: &Value| match request.get("ask") {
            Some(ask) => Ok(json!({ "decision": ask })),
            None => Err(Malformed("`/ask` is missing".to_owned())),
        };
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let done = answer_all("in", &mut input.as_bytes(), &mut out, &mut err, &answer);
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
        let told = "sprag: in: request 0: malformed request: `/ask` is missing\n";
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
