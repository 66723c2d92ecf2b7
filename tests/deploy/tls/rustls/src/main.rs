// Rust's rustls. See README.md.
use rustls::pki_types::{pem::PemObject, CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, Stream};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

const BODY: &str = "{\"messages\":[\"rust\"]}";

fn send(config: &Arc<ClientConfig>, host: &str, port: &str, path: &str) -> std::io::Result<String> {
    let name = ServerName::try_from(host.to_owned()).map_err(std::io::Error::other)?;
    let mut connection = ClientConnection::new(config.clone(), name).map_err(std::io::Error::other)?;
    let mut socket = TcpStream::connect(format!("{host}:{port}"))?;
    let mut stream = Stream::new(&mut connection, &mut socket);
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{BODY}",
        BODY.len()
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    Ok(text.split(' ').nth(1).unwrap_or("nothing").to_owned())
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let rest = arguments[1].strip_prefix("https://").expect("https://");
    let (authority, path) = rest.split_at(rest.find('/').unwrap());
    let (host, port) = authority.rsplit_once(':').unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&arguments[2]).unwrap()).unwrap();
    let version = if arguments[3] == "1.2" { &rustls::version::TLS12 } else { &rustls::version::TLS13 };
    let builder = ClientConfig::builder_with_protocol_versions(&[version]).with_root_certificates(roots);
    let config = Arc::new(if arguments.len() > 5 {
        let certificate = CertificateDer::from_pem_file(&arguments[4]).unwrap();
        let key = PrivateKeyDer::from_pem_file(&arguments[5]).unwrap();
        builder.with_client_auth_cert(vec![certificate], key).unwrap()
    } else {
        builder.with_no_client_auth()
    });
    for _ in 0..2 {
        match send(&config, host, port, path) {
            Ok(status) => println!("{status}"),
            Err(error) => println!("refused: {error}"),
        }
    }
}
