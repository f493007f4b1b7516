//! Frames as a JSON array: passed on as they are, never taken apart.

/// A page ends early when it holds this much; its cursor goes on.
pub(crate) const MAX_PAGE_BYTES: usize = 8 << 20;

/// The text of an array that grows.
#[derive(Default)]
pub(crate) struct FrameList {
    text: Vec<u8>,
    count: usize,
}

impl FrameList {
    pub(crate) fn push(&mut self, frame: &[u8]) {
        if self.count > 0 {
            self.text.push(b',');
        }
        self.text.extend_from_slice(frame);
        self.count += 1;
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn bytes(&self) -> usize {
        self.text.len()
    }

    /// A JSON object that has this as its first field, followed by `rest`, which begins with a comma.
    pub(crate) fn into_object(self, field: &str, rest: &str) -> Vec<u8> {
        let mut text = Vec::with_capacity(self.text.len() + field.len() + rest.len() + 8);
        text.extend_from_slice(format!("{{\"{field}\":[").as_bytes());
        text.extend_from_slice(&self.text);
        text.extend_from_slice(format!("]{rest}}}").as_bytes());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_json_whatever_its_length() {
        let mut list = FrameList::default();
        let text = |list: FrameList| String::from_utf8(list.into_object("events", r#","n":1"#));
        assert_eq!(
            text(FrameList::default()).unwrap(),
            r#"{"events":[],"n":1}"#
        );
        list.push(b"{}");
        list.push(b"{\"a\":1}");
        assert_eq!((list.count(), list.bytes()), (2, 10));
        assert_eq!(text(list).unwrap(), r#"{"events":[{},{"a":1}],"n":1}"#);
    }
}
