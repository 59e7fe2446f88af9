use sprag::driver::{self, Inputs};
use sprag::span::Source;
use std::time::Instant;
#[test]
fn time() {
    let src = |p: &str| Source {
        path: p.into(),
        text: std::fs::read_to_string(format!("{}/policies/catalogs/{p}", env!("CARGO_MANIFEST_DIR")))
            .unwrap(),
    };
    let own = vec![Source { path: "p.sprag".into(), text: "use microsoft.graph\nrole all { any operation }\napp r { key \"r\" platform microsoft.graph.application requests Mail.Read user all }\npermit r to read\n".into() }];
    for _ in 0..3 {
        let t = Instant::now();
        let shelf = vec![src("common.sprag"), src("microsoft.sprag"), src("microsoft/graph.sprag")];
        eprintln!("read {:?}", t.elapsed());
        let t = Instant::now();
        let (f, d) = sprag::syntax::parser::parse(0, &shelf[2].text);
        eprintln!("parse {:?} {} {}", t.elapsed(), f.items.len(), d.len());
        let t = Instant::now();
        let _ = driver::digest(shelf[2].text.as_bytes());
        eprintln!("digest {:?}", t.elapsed());
        let t = Instant::now();
        let c = driver::compile(Inputs { package: "p".into(), own: own.clone(), shelf, lock: None });
        eprintln!("compile {:?} {:?}", t.elapsed(), c.diagnostics.iter().take(5).collect::<Vec<_>>());
        let m = c.model.unwrap();
        eprintln!("{} ops", m.operations.len());
    }
}
