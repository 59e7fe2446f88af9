//! A page for people, in Markdown and as one HTML file that needs no other: the same words in both.
//!
//! In all texts, what stands between backticks is code. What comes from outside goes through [`code`].

use std::io::{self, Write};

use super::{markdown, visible};

/// A page.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its title, plain.
    pub title: String,
    /// What stands on it.
    pub blocks: Vec<Block>,
}

/// A part of a page.
#[derive(Debug, Clone)]
pub enum Block {
    /// A heading; 1 is the page's own.
    Heading(u8, String),
    /// A paragraph.
    Text(String),
    /// Points.
    List(Vec<String>),
    /// A table.
    Table(Table),
    /// Many names with a word about each, which a reader can unfold.
    Names(String, Vec<(String, String)>),
    /// Text to be copied as it is.
    Code(String),
}

/// A table.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// Titles of its columns, and whether they hold numbers.
    pub head: Vec<(&'static str, bool)>,
    /// Its cells.
    pub rows: Vec<Vec<String>>,
}

/// So many names are shown without unfolding.
const SHOWN: usize = 6;

/// Something from outside as code, in which nothing can end the code, the line or the cell.
pub fn code(text: &str) -> String {
    let shown = visible(text);
    let plain = |c: char| match c {
        '`' => '\'',
        '|' => '¦',
        '\n' | '\r' | '\t' => ' ',
        other => other,
    };
    format!("`{}`", shown.chars().map(plain).collect::<String>())
}

/// Markdown, as code hosts read it.
pub fn markdown(page: &Page, out: &mut dyn Write) -> io::Result<()> {
    for (at, block) in page.blocks.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        match block {
            Block::Heading(level, text) => {
                writeln!(out, "{} {}", "#".repeat(usize::from(*level)), markdown::text(text))?;
            }
            Block::Text(text) => writeln!(out, "{}", markdown::text(text))?,
            Block::List(points) => {
                for point in points {
                    writeln!(out, "- {}", markdown::text(point))?;
                }
            }
            Block::Table(table) => {
                let head: Vec<&str> = table.head.iter().map(|(title, _)| *title).collect();
                let line: Vec<&str> =
                    table.head.iter().map(|(_, number)| if *number { "---:" } else { "---" }).collect();
                writeln!(out, "{}\n", markdown::text(&table.caption))?;
                writeln!(out, "| {} |\n| {} |", head.join(" | "), line.join(" | "))?;
                for row in &table.rows {
                    let cells: Vec<String> = row.iter().map(|cell| markdown::text(cell)).collect();
                    writeln!(out, "| {} |", cells.join(" | "))?;
                }
            }
            Block::Names(summary, names) => {
                let folded = names.len() > SHOWN;
                if folded {
                    writeln!(out, "<details><summary>{}</summary>\n", markdown::html(summary))?;
                } else {
                    writeln!(out, "{}\n", markdown::text(summary))?;
                }
                for (name, word) in names {
                    writeln!(out, "- {}", markdown::text(&format!("{name} {word}")).trim_end())?;
                }
                if folded {
                    writeln!(out, "\n</details>")?;
                }
            }
            Block::Code(text) => {
                // Indented code has no end mark that a text could contain.
                for line in text.lines() {
                    writeln!(out, "    {}", visible(line))?;
                }
            }
        }
    }
    Ok(())
}

/// One HTML file without anything from elsewhere: readable on a screen in light and dark, on paper, and read aloud.
pub fn html(page: &Page, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n<main>",
        markdown::html(&page.title.replace('`', "'")),
        include_str!("page.css")
    )?;
    for block in &page.blocks {
        html_block(block, out)?;
    }
    writeln!(out, "</main>\n</body>\n</html>")
}

fn html_block(block: &Block, out: &mut dyn Write) -> io::Result<()> {
    match block {
        Block::Heading(level, text) => writeln!(out, "<h{level}>{}</h{level}>", markdown::html(text)),
        Block::Text(text) => writeln!(out, "<p>{}</p>", markdown::html(text)),
        Block::List(points) => {
            writeln!(out, "<ul>")?;
            for point in points {
                writeln!(out, "<li>{}</li>", markdown::html(point))?;
            }
            writeln!(out, "</ul>")
        }
        Block::Table(table) => {
            writeln!(
                out,
                "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"{}\">",
                attribute(&table.caption)
            )?;
            writeln!(out, "<table>\n<caption>{}</caption>\n<thead><tr>", markdown::html(&table.caption))?;
            for (title, number) in &table.head {
                writeln!(out, "<th scope=\"col\"{}>{}</th>", class(*number), markdown::html(title))?;
            }
            writeln!(out, "</tr></thead>\n<tbody>")?;
            for row in &table.rows {
                write!(out, "<tr>")?;
                for (at, cell) in row.iter().enumerate() {
                    let number = table.head.get(at).is_some_and(|(_, number)| *number);
                    let cell = markdown::html(cell);
                    match at {
                        0 => write!(out, "<th scope=\"row\">{cell}</th>")?,
                        _ => write!(out, "<td{}>{cell}</td>", class(number))?,
                    }
                }
                writeln!(out, "</tr>")?;
            }
            writeln!(out, "</tbody>\n</table>\n</div>")
        }
        Block::Names(summary, names) => {
            let open = if names.len() > SHOWN { "" } else { " open" };
            writeln!(out, "<details{open}>\n<summary>{}</summary>\n<ul>", markdown::html(summary))?;
            for (name, word) in names {
                writeln!(out, "<li>{} <small>{}</small></li>", markdown::html(name), markdown::html(word))?;
            }
            writeln!(out, "</ul>\n</details>")
        }
        Block::Code(text) => writeln!(out, "<pre><code>{}</code></pre>", escaped(text)),
    }
}

fn class(number: bool) -> &'static str {
    if number { " class=\"number\"" } else { "" }
}

/// With its lines.
fn escaped(text: &str) -> String {
    visible(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn attribute(text: &str) -> String {
    escaped(text).replace('"', "&quot;").replace('`', "").replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(words: &str) -> Page {
        let table = Table {
            caption: words.to_owned(),
            head: vec![("name", false), ("number", true)],
            rows: vec![vec![code(words), words.to_owned()]],
        };
        Page {
            title: words.to_owned(),
            blocks: vec![
                Block::Heading(1, words.to_owned()),
                Block::Text(words.to_owned()),
                Block::List(vec![words.to_owned()]),
                Block::Table(table),
                Block::Names(words.to_owned(), vec![(code(words), words.to_owned()); 9]),
                Block::Code(words.to_owned()),
            ],
        }
    }

    #[test]
    fn nothing_from_outside_becomes_a_tag_or_an_attribute() {
        let mut out = Vec::new();
        html(&page("<script>alert(\"1\")</script>\" onload=x & `a`\u{1b}[31m"), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(!text.contains("<script") && !text.contains("\u{1b}"), "{text}");
        assert!(text.contains("aria-label=\"&lt;script&gt;alert(&quot;1&quot;)"), "{text}");
        assert!(!text.contains("http://") && !text.contains("https://"), "it needs nothing from elsewhere");
    }

    #[test]
    fn code_from_outside_ends_neither_the_code_nor_the_cell() {
        assert_eq!(code("a`b|c\nd"), "`a'b¦c d`");
        let mut out = Vec::new();
        markdown(&page("<b>|x"), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("| `<b>¦x` | \\<b\\>\\|x |"), "{text}");
    }
}
