//! The authority says where its revocation list is; sealing keeps it, since years later nobody may publish it any more.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use chrono::TimeDelta;
use signhold::simulate::timestamp_authority::TimestampAuthority;

use crate::opened::Opened;
use crate::service::{Matter, Service};

/// Serves one file to whoever asks, for as long as the process lives.
fn serve(listener: TcpListener, status: &'static str, bytes: Vec<u8>) {
    std::thread::spawn(move || {
        for mut stream in listener.incoming().filter_map(Result::ok) {
            let mut request = [0; 1024];
            let _ = stream.read(&mut request);
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", bytes.len());
            let _ = stream.write_all(&[head.as_bytes(), &bytes].concat());
        }
    });
}

/// A service whose time stamp authority names a list, and answers for it with `status`.
fn service(status: &'static str) -> Service {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/signer.crl", listener.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root.pem");
    let service = Service::with(200, |settings| {
        let (from, to) = (settings.now - TimeDelta::days(1), settings.now + TimeDelta::days(30));
        let authority = TimestampAuthority::with_list_at(Some(&address), from, to).unwrap();
        std::fs::write(&root, authority.root_pem()).unwrap();
        serve(listener, status, authority.revocation_list(from, to, None).unwrap());
        settings.time_stamper = Some(Arc::new(move |request: &[u8], now| authority.respond(request, now)));
    });
    std::fs::copy(&root, &service.tsa_root).unwrap();
    service
}

#[test]
fn the_list_of_an_authority_is_kept_in_the_package_and_used() {
    let service = service("200 OK");
    let matter = Matter::new();
    service.collect(&matter).code(0);
    let package = matter.package();
    let opened = Opened::read(&package);
    let kept = opened.text("keys/tsa-crls.pem");
    assert!(kept.starts_with("-----BEGIN X509 CRL-----\n") && kept.ends_with("-----END X509 CRL-----\n"), "{kept}");
    let said = service.verify(&matter, &package).code(0).stdout;
    assert!(said.starts_with("VALID"), "{said}");
    assert!(!said.contains("timestamp-revocation-not-checked"), "{said}");
}

#[test]
fn a_list_that_cannot_be_had_is_told_and_left_out() {
    let service = service("404 Not Found");
    let matter = Matter::new();
    let said = service.collect(&matter).code(0).stderr;
    assert!(said.contains("warning: the revocation list at `http://127.0.0.1:"), "{said}");
    assert!(said.contains("is not kept: it answers with status 404"), "{said}");
    let package = matter.package();
    assert!(!Opened::read(&package).files.keys().any(|name| name.ends_with("keys/tsa-crls.pem")));
    service.verify(&matter, &package).code(0);
}
