//! Lists in header fields (RFC 9110 §5.6): tokens, and extensions with
//! parameters (RFC 6455 §9.1).

/// Whether a header field that is a list of tokens names `token`, in any case.
///
/// ```
/// use tubesock_core::handshake::list_contains;
/// assert!(list_contains(b"keep-alive, Upgrade", "upgrade"));
/// assert!(!list_contains(b"upgraded", "upgrade"));
/// ```
#[must_use]
pub fn list_contains(list: &[u8], token: &str) -> bool {
    list.split(|&byte| byte == b',')
        .any(|item| item.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

/// Whether `bytes` are a token (RFC 9110 §5.6.2).
/// Whether these are the same name of a field. Called in many places, and so not
/// inlined in each: the flash of a small chip is dearer than these calls.
#[inline(never)]
pub(super) fn is_same_name(name: &str, other: &str) -> bool {
    name.eq_ignore_ascii_case(other)
}

/// The scheme, and what follows `://`.
pub(super) fn split_scheme(url: &str) -> Option<(&str, &str)> {
    let colon = url.bytes().position(|byte| byte == b':')?;
    let (scheme, rest) = url.split_at_checked(colon)?;
    Some((scheme, rest.strip_prefix("://")?))
}

pub(super) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|&byte| is_token_byte(byte))
}

pub(super) const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        )
}

/// Whether `bytes` may be a header field's value: no control characters.
pub(super) fn is_field_value(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| byte == b'\t' || byte >= b' ' && byte != 0x7F)
}

/// The items of a list of tokens; `None` stands for one that is no token.
pub(super) fn token_list(list: &[u8]) -> impl Iterator<Item = Option<&str>> {
    list.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).filter(|item| !item.is_empty()).map(
        |item| {
            if is_token(item) { core::str::from_utf8(item).ok() } else { None }
        },
    )
}

/// An extension with its parameters, as a header field gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Extension<'a> {
    /// Its name, such as `permessage-deflate`.
    pub name: &'a str,
    params: &'a [u8],
}

impl<'a> Extension<'a> {
    /// Its parameters, in order: a name, and a value where there is one. The
    /// quotes of a quoted value are gone; what they hold must be a token
    /// (RFC 6455 §9.1), so nothing in it is escaped.
    pub fn params(&self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> + use<'a> {
        let mut rest = self.params;
        core::iter::from_fn(move || {
            let (param, after) = parse_param(rest)?;
            rest = after;
            Some(param)
        })
    }
}

/// The extensions of one `Sec-WebSocket-Extensions` field, in order of
/// preference (RFC 6455 §9.1). `Err(())` ends a list that is malformed.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ExtensionOffers<'a> {
    rest: &'a [u8],
}

impl<'a> ExtensionOffers<'a> {
    /// Reads the value of a field.
    #[must_use]
    pub const fn new(value: &'a [u8]) -> Self {
        Self { rest: value }
    }
}

impl<'a> Iterator for ExtensionOffers<'a> {
    type Item = Result<Extension<'a>, ()>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = skip_while(self.rest, |byte| matches!(byte, b' ' | b'\t' | b','));
        if start.is_empty() {
            self.rest = &[];
            return None;
        }
        let result = parse_extension(start);
        self.rest = result.map_or(&[], |(_, rest)| rest);
        Some(result.map(|(extension, _)| extension).ok_or(()))
    }
}

/// One extension, and what follows its comma.
fn parse_extension(bytes: &[u8]) -> Option<(Extension<'_>, &[u8])> {
    let (name, params) = take_token(bytes)?;
    let mut rest = skip_blank(params);
    while let Some((_, after)) = parse_param(rest) {
        rest = after;
    }
    let used = params.len().checked_sub(rest.len())?;
    let extension = Extension { name, params: params.get(..used)? };
    match rest.split_first() {
        None => Some((extension, rest)),
        Some((b',', rest)) => Some((extension, rest)),
        Some(_) => None,
    }
}

type Param<'a> = (&'a str, Option<&'a str>);

/// `; name`, `; name=token` or `; name="token"`, and what follows it.
fn parse_param(bytes: &[u8]) -> Option<(Param<'_>, &[u8])> {
    let rest = skip_blank(skip_blank(bytes).strip_prefix(b";")?);
    let (name, rest) = take_token(rest)?;
    let rest = skip_blank(rest);
    let Some(value) = rest.strip_prefix(b"=") else {
        return Some(((name, None), rest));
    };
    let value = skip_blank(value);
    let (value, rest) = match value.strip_prefix(b"\"") {
        Some(quoted) => {
            let (value, rest) = take_token(quoted)?;
            (value, rest.strip_prefix(b"\"")?)
        }
        None => take_token(value)?,
    };
    Some(((name, Some(value)), skip_blank(rest)))
}

fn take_token(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let rest = skip_while(bytes, is_token_byte);
    let (token, rest) = bytes.split_at_checked(bytes.len().checked_sub(rest.len())?)?;
    if token.is_empty() { None } else { Some((core::str::from_utf8(token).ok()?, rest)) }
}

fn skip_blank(bytes: &[u8]) -> &[u8] {
    skip_while(bytes, |byte| matches!(byte, b' ' | b'\t'))
}

fn skip_while(mut bytes: &[u8], skipped: impl Fn(u8) -> bool) -> &[u8] {
    while let Some((&first, rest)) = bytes.split_first() {
        if !skipped(first) {
            break;
        }
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn an_extension_list_gives_names_parameters_and_unquoted_values() {
        let value = br#"permessage-deflate; client_max_window_bits; server_max_window_bits="10" , x-foo;a = b,"#;
        let all: Vec<_> = ExtensionOffers::new(value).collect::<Result<_, _>>().unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].name, "permessage-deflate");
        let params: Vec<_> = all[0].params().collect();
        assert_eq!(
            params,
            [("client_max_window_bits", None), ("server_max_window_bits", Some("10"))]
        );
        assert_eq!(all[1].params().collect::<Vec<_>>(), [("a", Some("b"))]);
    }

    #[test]
    fn a_malformed_extension_list_is_an_error_and_ends() {
        for value in [
            &b"permessage-deflate; =1"[..],
            b";a",
            b"a b",
            b"a; b=",
            b"a; b=\"c",
            b"a; b=\"c d\"",
            b"a=1",
            b"a; b=\"\"",
        ] {
            let mut offers = ExtensionOffers::new(value);
            assert_eq!(offers.next(), Some(Err(())), "{value:?}");
            assert_eq!(offers.next(), None);
        }
    }
}
