//! Pages that show commands and what they print, executed.
//!
//! | info string | what is done |
//! | --- | --- |
//! | `console` | `$ sprag …` is run and prints what follows, and `(exit N)` unless that is 0 |
//! | `file PATH` | becomes a file of the folder from here on |
//! | others | nothing; they are excerpts |
//!
//! In a command `'…'` is one word, and a line that ends in `\` goes on in the next.

use std::fs;
use std::path::Path;

use sprag::cli::Exit;

use crate::shell::sprag;

/// Whether what commands print is to be written into the pages.
pub(crate) fn bless() -> bool {
    std::env::var_os("BLESS").is_some()
}

/// Executes a page in a folder: how many commands it shows, or where it says something else than they print. What they
/// print is passed through `told`, line by line.
pub(crate) fn check(path: &Path, here: &Path, told: fn(&str) -> String) -> Result<usize, String> {
    let page = fs::read_to_string(path).unwrap();
    let (mended, commands) = executed(&page, here, told);
    if mended == page {
        return Ok(commands);
    }
    if bless() {
        fs::write(path, mended).unwrap();
        return Ok(commands);
    }
    let (says, prints) = differing(&page, &mended);
    Err(format!("the page says\n  {says}\nand commands print\n  {prints}"))
}

/// The page as it should be, and how many commands it shows.
fn executed(page: &str, here: &Path, told: fn(&str) -> String) -> (String, usize) {
    let mut mended: Vec<String> = Vec::new();
    let mut commands = 0;
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        mended.push(line.to_owned());
        let Some(info) = line.strip_prefix("```") else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|l| *l != "```").collect();
        if let Some(path) = info.strip_prefix("file ") {
            let path = here.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, block.join("\n") + "\n").unwrap();
        }
        if info == "console" {
            for command in commands_of(&block) {
                commands += 1;
                let args = words(&command);
                let said = sprag(here, &args.iter().map(String::as_str).collect::<Vec<_>>());
                mended.extend(format!("$ sprag {command}").lines().map(str::to_owned));
                let printed = String::from_utf8(said.out).unwrap() + &said.err;
                mended.extend(printed.lines().map(|line| told(line.trim_end())));
                if said.exit != Exit::Clean {
                    mended.push(format!("(exit {})", said.exit as i32));
                }
            }
        } else {
            mended.extend(block.into_iter().map(str::to_owned));
        }
        mended.push("```".to_owned());
    }
    (mended.join("\n") + "\n", commands)
}

/// What stands behind `$ sprag `; a line that ends in `\` goes on in the next one.
fn commands_of(block: &[&str]) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in block {
        match (line.strip_prefix("$ sprag "), commands.last_mut()) {
            (_, Some(last)) if goes_on => *last += &format!("\n{line}"),
            (Some(command), _) => commands.push(command.to_owned()),
            (None, _) => continue,
        }
        goes_on = line.ends_with('\\');
    }
    commands
}

/// The words of a command, as a shell takes them apart; of quotes there are only `'…'`.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (i, part) in command.split('\'').enumerate() {
        if i % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().filter(|word| *word != "\\").map(str::to_owned));
        }
    }
    words
}

/// The first lines that differ.
fn differing<'t>(one: &'t str, other: &'t str) -> (&'t str, &'t str) {
    let mut ones = one.lines();
    let mut others = other.lines();
    loop {
        match (ones.next(), others.next()) {
            (Some(a), Some(b)) if a == b => {}
            (None, None) => return ("", ""),
            (a, b) => return (a.unwrap_or("(end)"), b.unwrap_or("(end)")),
        }
    }
}
