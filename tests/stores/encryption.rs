//! A connection to a real server is encrypted and the server verified, or there is none.

use std::fs;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use sprag::ratchet::{Facts, Installation};
use sprag::state::{Error, Postgres, Store};

use crate::server::{Encrypted, Server};

/// Somebody who signs certificates.
type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

/// A server with a certificate of this authority for these names.
fn server(authority: &Authority, names: &[&str]) -> Option<Server> {
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, authority).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    Server::start_as(Some(Encrypted { port, certificate: [certificate.pem(), key.serialize_pem()] }))
}

#[test]
fn connections_are_encrypted_and_servers_verified() {
    let (ours, theirs) = (authority("ours"), authority("theirs"));
    let Some(server) = server(&ours, &["localhost"]) else { return };
    server.tell("postgres", &["CREATE DATABASE state"]);
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    fs::write(at("ours.pem"), ours.pem()).unwrap();
    fs::write(at("theirs.pem"), theirs.pem()).unwrap();
    fs::write(at("none.pem"), "no certificate").unwrap();
    let port = server.port();
    let url = |host: &str, more: &str| format!("postgres://sprag@{host}:{port}/state{more}");
    let by = |mode: &str, file: &str| format!("?sslmode={mode}&sslrootcert={}", at(file).replace('/', "%2F"));

    for mode in ["verify-full", "verify-ca", "require"] {
        let store = Postgres::create(&url("localhost", &by(mode, "ours.pem"))).unwrap();
        let mut facts = Facts::default();
        facts.clock.tell(7);
        let installation = Installation { app: "a".to_owned(), site: mode.to_owned() };
        store.join(&installation, &facts, &[]).unwrap();
        assert_eq!(store.read(&installation).unwrap().1, Some(facts));
        // As the server sees it. Who listens has a connection of their own.
        assert_eq!(store.watch(0, 1, Duration::from_secs(5)).unwrap().len(), 1);
        check(&server, true);
    }
    // Nothing is encrypted that was not asked to be.
    let plain = Postgres::open(&url("localhost", "")).unwrap();
    check(&server, false);
    drop(plain);

    // Another authority, none, another name: nothing is tried again and again.
    for (host, more, said) in [
        ("localhost", by("verify-full", "theirs.pem"), "UnknownIssuer"),
        ("localhost", by("require", "theirs.pem"), "UnknownIssuer"),
        ("localhost", "?sslmode=verify-full&sslrootcert=system".to_owned(), ""),
        ("127.0.0.1", by("verify-full", "ours.pem"), "not valid for name"),
    ] {
        let begun = Instant::now();
        let refused = Postgres::open(&url(host, &more)).map(|_| ()).unwrap_err();
        assert!(refused.to_string().contains(said), "{refused}");
        assert!(matches!(refused, Error::Unreachable(_) | Error::Invalid(_)), "{refused:?}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{refused}");
    }
    for (url, said) in [
        (url("localhost", &by("verify-full", "none.pem")), "there are none"),
        (url("localhost", "?sslmode=prefer"), "switch encryption off"),
        (server.url("state") + "?sslmode=require&sslrootcert=" + &at("ours.pem"), "leave sslmode out"),
    ] {
        let refused = Postgres::open(&url).map(|_| ()).unwrap_err();
        assert!(matches!(&refused, Error::Invalid(why) if why.contains(said)), "{refused}");
    }
}

/// A server that speaks in the clear only is not spoken to where that was not asked for.
#[test]
fn a_server_without_a_certificate_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        // What PostgreSQL answers to the question for encryption where `ssl` is off.
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 8]);
            let _ = stream.write_all(b"N");
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    fs::write(&file, authority("ours").pem()).unwrap();
    let url = format!("postgres://x@localhost:{port}/x?sslmode=require&sslrootcert={}", file.display());
    let refused = Postgres::open(&url).map(|_| ()).unwrap_err();
    assert!(refused.to_string().contains("server does not support TLS"), "{refused}");
}

/// Looks whether all connections of stores are encrypted, or none; those that were closed may be there for a moment.
#[track_caller]
fn check(server: &Server, encrypted: bool) {
    let mut client = postgres::Client::connect(&server.url("postgres"), postgres::NoTls).unwrap();
    let all = "SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
        WHERE datname = 'state' AND application_name = 'sprag' ORDER BY ssl";
    let begun = Instant::now();
    loop {
        let found: Vec<bool> = client.query(all, &[]).unwrap().iter().map(|row| row.get(0)).collect();
        if found == [encrypted] {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{found:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
