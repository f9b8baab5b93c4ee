//! Our client's request to our server, and its answer, whatever the program puts into them.

use arbitrary::{Arbitrary, Result, Unstructured};
use tubesock_core::handshake::{
    ClientRequest, HeaderSlots, Refusal, RefusedByServer, RequestHead, ResponseHead, Upgrade,
    WriteError, write_response,
};

/// Host, target, subprotocols, header fields, of a request and of its answers.
#[derive(Debug, Arbitrary)]
struct Input<'a> {
    nonce: [u8; 16],
    host: &'a str,
    target: &'a str,
    subprotocols: Vec<&'a str>,
    headers: Vec<(&'a str, &'a str)>,
    room: u16,
    status: u16,
    body: u8,
    response_headers: Vec<(&'a str, &'a str)>,
}

/// What a program puts into a head is refused, or stands in it as it was put: it makes no header
/// field more and none less. A request that could be written is an upgrade for the server, but for
/// its target; the answer to it is a WebSocket for the client, with the subprotocol that was
/// chosen, and for no other request. Any other response arrives with its status and fields.
pub fn check(bytes: &[u8]) {
    let _ = run(&mut Unstructured::new(bytes));
}

fn run(input: &mut Unstructured<'_>) -> Result<()> {
    let mut input = Input::arbitrary(input)?;
    input.subprotocols.truncate(4);
    input.headers.truncate(4);
    input.response_headers.truncate(4);
    refusal(&input);
    let request = ClientRequest::new(input.host, input.target)
        .subprotocols(&input.subprotocols)
        .headers(&input.headers);
    let mut out = vec![0; usize::from(input.room)];
    let (length, awaiting) = match request.write(input.nonce, &mut out) {
        Ok(written) => written,
        Err(error) => {
            assert!(!error.to_string().contains('\n'));
            // It is for want of room only where more room helps.
            let mut out = vec![0; 1 << 17];
            let again = request.write(input.nonce, &mut out).map(|(length, _)| length);
            match again {
                Ok(length) => assert!(error == WriteError::Full && length > out_len(&input)),
                Err(again) => assert_ne!(again, WriteError::Full),
            }
            return Ok(());
        }
    };
    let mut slots = HeaderSlots::<16>::new();
    let (head, whole) = RequestHead::parse(&out[..length], &mut slots)
        .expect("our own request can be read")
        .expect("and is whole");
    assert_eq!(whole, length);
    assert_eq!((head.method(), head.target(), head.minor_version()), ("GET", input.target, 1));
    let fields = 5 + usize::from(!input.subprotocols.is_empty()) + input.headers.len();
    assert_eq!(head.headers().count(), fields);
    for ((name, value), (read_name, read_value)) in
        input.headers.iter().zip(head.headers().skip(fields - input.headers.len()))
    {
        assert_eq!(read_name, *name);
        assert_eq!(read_value, value.trim_matches([' ', '\t']).as_bytes());
    }

    let upgrade = match Upgrade::new(&head) {
        Ok(upgrade) => upgrade,
        // A program may put in what a server won't have.
        Err(Refusal::Target) => {
            assert!(!input.target.starts_with('/'));
            return Ok(());
        }
        Err(Refusal::Origin) => {
            let origins =
                input.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("origin"));
            assert!(origins.count() > 1);
            return Ok(());
        }
        Err(other) => panic!("{other:?} for a request of ours"),
    };
    assert_eq!(upgrade.host(), input.host);
    assert_eq!(upgrade.subprotocols().collect::<Vec<_>>(), input.subprotocols);
    let chosen = input.subprotocols.get(usize::from(input.nonce[0] & 3)).copied();
    let accept = match chosen {
        Some(name) => upgrade.accept_subprotocol(name).expect("it is offered"),
        None => upgrade.accept(),
    };
    let Ok(accept) = accept.headers(&input.response_headers) else { return Ok(()) };
    let mut response = vec![0; 1 << 16];
    let Ok(length) = accept.write(&mut response) else { return Ok(()) };
    let mut slots = HeaderSlots::<16>::new();
    let (head, whole) = ResponseHead::parse(&response[..length], &mut slots).unwrap().unwrap();
    assert_eq!((head.status(), whole), (101, length));
    let fields = 3 + usize::from(chosen.is_some()) + input.response_headers.len();
    assert_eq!(head.headers().count(), fields);
    let established = awaiting.verify(&head).expect("our server's answer to our client");
    assert_eq!((established.subprotocol, established.extensions), (chosen, None));

    let mut other = vec![0; 1 << 17];
    let mut nonce = input.nonce;
    nonce[15] ^= 1;
    let (_, other) = request.write(nonce, &mut other).expect("it could be written before");
    assert_eq!(other.verify(&head), Err(RefusedByServer::AcceptKey));
    Ok(())
}

fn out_len(input: &Input<'_>) -> usize {
    usize::from(input.room)
}

fn refusal(input: &Input<'_>) {
    let mut out = vec![0; usize::from(input.room)];
    let body = usize::from(input.body);
    let status = 200 + input.status % 400;
    let Ok(length) = write_response(&mut out, status, &input.response_headers, body) else {
        return;
    };
    let mut slots = HeaderSlots::<16>::new();
    let (head, whole) = ResponseHead::parse(&out[..length], &mut slots).unwrap().unwrap();
    assert_eq!((head.status(), whole), (status, length));
    let is_typed = |(name, _): &(&str, &str)| name.eq_ignore_ascii_case("content-type");
    let typed = body == 0 || input.response_headers.iter().any(is_typed);
    // A 204 has no body, and says nothing of its length (RFC 9110 §8.6).
    assert!(status != 204 || body == 0);
    let own = if status == 204 { 1 } else { 2 };
    let fields = own + input.response_headers.len() + usize::from(!typed);
    assert_eq!(head.headers().count(), fields);
}
