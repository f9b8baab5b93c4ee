//! Any bytes as a request head.

use tubesock_core::handshake::{
    HeaderSlots, OriginPolicy, Refusal, RequestHead, ResponseHead, Upgrade, accept_key,
    host_is_allowed,
};

use crate::heads::{SLOTS, any_pieces, lists, request, request_fields, values};
use crate::pieces::split;

/// Refusals that no request by itself gets.
const OF_THE_PROGRAM: [Refusal; 6] = [
    Refusal::HeadTooLong,
    Refusal::HostNotAllowed,
    Refusal::NotFound,
    Refusal::Timeout,
    Refusal::Unavailable,
    Refusal::Internal,
];

/// In any pieces a head is read as at once, or refused for the same reason, and what follows it is
/// all there. A request that becomes an upgrade has everything that RFC 6455 §4.2.1 asks for, read
/// naively; what the upgrade gives of it is what stands there; its answer is a response with the
/// right key and nothing of the request's making. A refusal is a whole response with its status.
pub fn check(bytes: &[u8]) {
    let ([size, cut], bytes) = split(bytes);
    let bytes = &bytes[..bytes.len().min(4096)];
    any_pieces(bytes, size, cut, request);

    let mut slots = HeaderSlots::<SLOTS>::new();
    refused(OF_THE_PROGRAM[usize::from(size) % OF_THE_PROGRAM.len()]);
    let refusal = match RequestHead::parse(bytes, &mut slots) {
        Ok(None) => return,
        Ok(Some((head, length))) => {
            assert!(length <= bytes.len() && bytes[..length].ends_with(b"\n"));
            match Upgrade::new(&head) {
                Ok(wanted) => return upgrade(&wanted, &head),
                Err(refusal) => refusal,
            }
        }
        Err(refusal) => refusal,
    };
    refused(refusal);
}

fn upgrade<'b, I: Iterator<Item = (&'b str, &'b [u8])> + Clone>(
    upgrade: &Upgrade<'b, I>,
    head: &RequestHead<'_, 'b>,
) {
    let read = request_fields(head);
    assert_eq!((head.method(), head.minor_version()), ("GET", 1));
    assert_eq!(values(&read, "host"), [upgrade.host().as_bytes()]);
    assert!(lists(&values(&read, "upgrade"), "websocket"));
    assert!(lists(&values(&read, "connection"), "upgrade"));
    assert_eq!(values(&read, "sec-websocket-version"), [b"13"]);
    assert_eq!(values(&read, "transfer-encoding"), [b""; 0]);
    assert!(values(&read, "content-length").iter().all(|value| value.iter().all(|b| *b == b'0')));
    let keys = values(&read, "sec-websocket-key");
    assert!(keys.len() == 1 && is_sixteen_bytes_in_base64(keys[0]));

    let target = upgrade
        .query()
        .map_or_else(|| upgrade.path().to_owned(), |query| format!("{}?{query}", upgrade.path()));
    assert!(target.starts_with('/') && (head.target().ends_with(&target) || target == "/"));
    assert!(!upgrade.path().contains('?'));
    let origins = values(&read, "origin");
    assert_eq!(upgrade.origin().map(str::as_bytes), origins.first().copied());
    origin(upgrade);

    let offered: Vec<&str> = upgrade.subprotocols().collect();
    let listed = values(&read, "sec-websocket-protocol");
    assert!(
        offered.iter().all(|name| is_token(name) && listed.iter().any(|value| has(value, name)))
    );
    assert_eq!(upgrade.select_subprotocol(&offered), offered.first().copied());
    assert!(upgrade.accept_subprotocol("nobody/offers:this").is_err());
    assert!(upgrade.extensions().all(|extension| is_token(extension.name)));

    let accept = match offered.last() {
        Some(name) => upgrade.accept_subprotocol(name).expect("it is offered"),
        None => upgrade.accept(),
    };
    let extra = [("X-Extra", "yes")];
    let accept = accept.headers(&extra).expect("it is not reserved").extensions("x-any");
    assert_eq!(accept.chosen_subprotocol(), offered.last().copied());
    assert!(upgrade.accept().headers(&[("Sec-WebSocket-Any", "x")]).is_err());
    let mut out = vec![0; 256 + offered.last().map_or(0, |name| name.len())];
    let length = accept.write(&mut out).expect("it is room enough");
    let mut slots = HeaderSlots::<SLOTS>::new();
    let (response, whole) = ResponseHead::parse(&out[..length], &mut slots).unwrap().unwrap();
    assert_eq!((response.status(), whole), (101, length));
    let fields: Vec<_> = response.headers().map(|(name, value)| (name, value.to_vec())).collect();
    let expected: Vec<_> = accept.fields().map(|(name, value)| (name, value.into())).collect();
    assert_eq!(fields, expected);
    assert_eq!(fields.len(), 5 + usize::from(!offered.is_empty()));
    let right = accept_key(keys[0]).expect("it was accepted");
    assert_eq!(fields[2], ("Sec-WebSocket-Accept", right.as_str().into()));
}

/// Who passes as a page of the same host has that host in its origin, and passes by name as well.
fn origin<'b, I: Iterator<Item = (&'b str, &'b [u8])> + Clone>(upgrade: &Upgrade<'b, I>) {
    assert_eq!(upgrade.check_origin(OriginPolicy::Any), Ok(()));
    let host = upgrade.host();
    assert!(host_is_allowed(host, &["elsewhere", host]));
    assert_eq!(host_is_allowed(host, &["example.com"]), {
        let (name, port) = host.split_once(':').unwrap_or((host, ""));
        name.eq_ignore_ascii_case("example.com") && port.bytes().all(|b| b.is_ascii_digit())
    });
    let Some(origin) = upgrade.origin() else { return };
    assert_eq!(upgrade.check_origin(OriginPolicy::AllowList(&[origin])), Ok(()));
    assert_eq!(upgrade.check_origin(OriginPolicy::AllowList(&[])), Err(Refusal::Origin));
    if upgrade.check_origin(OriginPolicy::SameHost).is_ok() {
        let name = upgrade.host().trim_end_matches(":80").trim_end_matches(":443");
        assert!(origin.to_ascii_lowercase().contains(&name.to_ascii_lowercase()));
    }
}

fn refused(refusal: Refusal) {
    assert_eq!(refusal.to_string(), refusal.as_str());
    let mut out = [0; 320];
    let length = refusal.write(&mut out).expect("320 bytes are enough for each");
    let mut slots = HeaderSlots::<SLOTS>::new();
    let (response, head) = ResponseHead::parse(&out[..length], &mut slots).unwrap().unwrap();
    assert_eq!(response.status(), refusal.status());
    let announced = response.headers().find(|(name, _)| *name == "Content-Length").unwrap().1;
    assert_eq!(announced, (length - head).to_string().as_bytes());
    assert_eq!(&out[head..length], refusal.as_str().as_bytes());
}

fn is_token(name: &str) -> bool {
    let is_separator = |byte: u8| b"()<>@,;:\\\"/[]?={} \t".contains(&byte);
    !name.is_empty() && name.bytes().all(|byte| (0x21..0x7F).contains(&byte) && !is_separator(byte))
}

fn has(value: &[u8], name: &str) -> bool {
    value.split(|byte| *byte == b',').any(|item| item.trim_ascii() == name.as_bytes())
}

fn is_sixteen_bytes_in_base64(key: &[u8]) -> bool {
    let digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.len() == 24 && key[..22].iter().all(digit) && key.ends_with(b"==")
}
