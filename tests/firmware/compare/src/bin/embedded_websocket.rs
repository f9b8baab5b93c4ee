//! embedded-websocket, with httparse for the request as its own examples have it.
#![no_std]
#![no_main]

use embedded_io_async::Write;
use embedded_websocket::{
    WebSocketReceiveMessageType as Received, WebSocketSendMessageType as Sent, WebSocketServer,
    read_http_header,
};

compare::image!(echo);

async fn echo(socket: &mut TcpSocket<'_>, room: Room<'_>) {
    let mut websocket = WebSocketServer::new_server();
    let mut end = 0;
    let answer = loop {
        match socket.read(&mut room.receive[end..]).await {
            Ok(read @ 1..) => end += read,
            _ => return,
        }
        if let Some(answer) = accept(&mut websocket, &room.receive[..end], room.transmit) {
            break answer;
        }
    };
    let Some((head, length)) = answer else { return };
    if socket.write_all(&room.transmit[..length]).await.is_err() {
        return;
    }
    room.receive.copy_within(head..end, 0);
    end -= head;
    loop {
        let mut message = [0; 512];
        let (mut length, mut kind) = (0, None);
        // Frames are read from the front of `receive`; what is decoded goes to `message`.
        while let Ok(read) = websocket.read(&room.receive[..end], &mut message[length..]) {
            room.receive.copy_within(read.len_from..end, 0);
            end -= read.len_from;
            length += read.len_to;
            if read.end_of_message {
                kind = Some(read.message_type);
                break;
            }
        }
        let answer = match kind {
            Some(Received::Text) if core::str::from_utf8(&message[..length]).is_err() => return,
            Some(Received::Text) => Sent::Text,
            Some(Received::Binary) => Sent::Binary,
            Some(Received::Ping) => Sent::Pong,
            Some(Received::CloseMustReply) => Sent::CloseReply,
            Some(Received::CloseCompleted) => return,
            Some(Received::Pong) => continue,
            None => match socket.read(&mut room.receive[end..]).await {
                Ok(read @ 1..) => {
                    end += read;
                    continue;
                }
                _ => return,
            },
        };
        let Ok(length) = websocket.write(answer, true, &message[..length], room.transmit) else {
            return;
        };
        if socket.write_all(&room.transmit[..length]).await.is_err() || answer == Sent::CloseReply {
            return;
        }
    }
}

/// The lengths of the request and of the answer in `to`: nothing while bytes are missing, `Some(None)` for no WebSocket.
fn accept(
    websocket: &mut WebSocketServer,
    head: &[u8],
    to: &mut [u8],
) -> Option<Option<(usize, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut request = httparse::Request::new(&mut headers);
    let length = match request.parse(head) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return None,
        Err(_) => return Some(None),
    };
    let headers = request.headers.iter().map(|header| (header.name, header.value));
    let Ok(Some(context)) = read_http_header(headers) else { return Some(None) };
    Some(
        websocket
            .server_accept(&context.sec_websocket_key, None, to)
            .ok()
            .map(|answer| (length, answer)),
    )
}
