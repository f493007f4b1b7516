//! What a token claims, and the caller that it makes.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use longshore_shared::id::WorkspaceId;
use serde_json::{Map, Value};

use super::unauthorized::Unauthorized;
use super::{Caller, Scopes, Workspaces};

/// How far clocks may be apart.
const LEEWAY: Duration = Duration::from_secs(30);

/// All workspaces, as `workspaces` says it.
const ALL: &str = "*";

/// The claims of a token whose signature was verified.
pub(super) struct Claims(pub(super) Map<String, Value>);

/// What `aud` and `iss` have to be, where that is configured.
#[derive(Debug, Clone, Default)]
pub(super) struct Expected {
    pub(super) audience: Option<String>,
    pub(super) issuer: Option<String>,
}

impl Claims {
    /// The caller, as of `now`.
    ///
    /// # Errors
    /// Where a claim is missing, of a wrong type, not yet or no longer valid, or for somebody else.
    pub(super) fn caller(
        &self,
        expected: &Expected,
        now: SystemTime,
    ) -> Result<Caller, Unauthorized> {
        let subject = self.subject()?;
        let expires_at = self.expires_at(now)?;
        self.check_begin(now)?;
        self.check_audience(expected.audience.as_deref())?;
        self.check_issuer(expected.issuer.as_deref())?;
        Ok(Caller {
            subject: subject.into(),
            workspaces: Arc::new(self.workspaces()?),
            scopes: self.scopes()?,
            expires_at: Some(expires_at),
        })
    }

    fn subject(&self) -> Result<&str, Unauthorized> {
        let subject = self.0.get("sub").and_then(Value::as_str);
        subject
            .filter(|subject| !subject.is_empty())
            .ok_or_else(|| wrong("sub", "is needed: a text that is not empty"))
    }

    /// When the token ends, leeway included.
    fn expires_at(&self, now: SystemTime) -> Result<SystemTime, Unauthorized> {
        let end = self.time("exp")?;
        let end = end.ok_or_else(|| wrong("exp", "is needed: a time in seconds since 1970"))?;
        let end = end + LEEWAY;
        if now < end {
            Ok(end)
        } else {
            Err(Unauthorized::invalid("the token has expired"))
        }
    }

    fn check_begin(&self, now: SystemTime) -> Result<(), Unauthorized> {
        match self.time("nbf")? {
            Some(begin) if now + LEEWAY < begin => {
                Err(Unauthorized::invalid("the token is not valid yet"))
            }
            _ => Ok(()),
        }
    }

    /// A NumericDate of RFC 7519: seconds, which may have a fraction.
    fn time(&self, claim: &str) -> Result<Option<SystemTime>, Unauthorized> {
        let Some(value) = self.0.get(claim) else {
            return Ok(None);
        };
        let seconds = value
            .as_f64()
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        // With room to add to it. Ends later than the clock can tell are as good as that.
        let time = seconds.map(|seconds| SystemTime::UNIX_EPOCH + seconds.min(FAR));
        time.map(Some)
            .ok_or_else(|| wrong(claim, "must be a time in seconds since 1970"))
    }

    fn check_audience(&self, wanted: Option<&str>) -> Result<(), Unauthorized> {
        let Some(wanted) = wanted else { return Ok(()) };
        let named = match self.0.get("aud") {
            None => false,
            Some(Value::String(one)) => one == wanted,
            Some(Value::Array(all)) if all.iter().all(Value::is_string) => {
                all.iter().any(|one| one == wanted)
            }
            Some(_) => return Err(wrong("aud", "must be a text or an array of texts")),
        };
        if named {
            Ok(())
        } else {
            Err(wrong("aud", "does not name this service"))
        }
    }

    fn check_issuer(&self, wanted: Option<&str>) -> Result<(), Unauthorized> {
        let Some(wanted) = wanted else { return Ok(()) };
        match self.0.get("iss") {
            Some(Value::String(issuer)) if issuer == wanted => Ok(()),
            None | Some(Value::String(_)) => Err(wrong(
                "iss",
                "does not name the issuer that is trusted here",
            )),
            Some(_) => Err(wrong("iss", "must be a text")),
        }
    }

    fn workspaces(&self) -> Result<Workspaces, Unauthorized> {
        const WANTED: &str = r#"must be an array of workspace ids, or ["*"]"#;
        let Some(value) = self.0.get("workspaces") else {
            return Ok(Workspaces::Only([].into()));
        };
        let ids: Option<Vec<&str>> = value
            .as_array()
            .and_then(|ids| ids.iter().map(Value::as_str).collect());
        let ids = ids.ok_or_else(|| wrong("workspaces", WANTED))?;
        if ids.contains(&ALL) {
            return Ok(Workspaces::All);
        }
        let only = ids.iter().map(|id| id.parse::<WorkspaceId>()).collect();
        Ok(Workspaces::Only(Result::map_err(only, |_| {
            wrong("workspaces", WANTED)
        })?))
    }

    fn scopes(&self) -> Result<Scopes, Unauthorized> {
        let words = match self.0.get("scope") {
            None => "execute read",
            Some(Value::String(words)) => words,
            Some(_) => {
                return Err(wrong(
                    "scope",
                    "must be a text of words with spaces between",
                ));
            }
        };
        let has = |wanted| words.split(' ').any(|word| word == wanted);
        Ok(Scopes {
            execute: has("execute"),
            read: has("read"),
            admin: has("admin"),
        })
    }
}

/// Some ten thousand years.
const FAR: Duration = Duration::from_secs(300_000_000_000);

fn wrong(claim: &str, why: &str) -> Unauthorized {
    Unauthorized::invalid(format!("the token's claim {claim:?} {why}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: u64 = 2_000_000_000;

    /// The caller of a token that is otherwise fine. `null` takes a claim away.
    fn with(claim: &str, value: Value) -> Result<Caller, Unauthorized> {
        let mut claims = json!({ "sub": "alice", "exp": NOW + 60, "workspaces": ["a"], "aud": "here", "iss": "us" });
        let map = claims.as_object_mut().unwrap();
        if value.is_null() {
            map.remove(claim);
        } else {
            map.insert(claim.to_owned(), value);
        }
        let expected = Expected {
            audience: Some("here".to_owned()),
            issuer: Some("us".to_owned()),
        };
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
        Claims(map.clone()).caller(&expected, now)
    }

    fn refused(claim: &str, value: Value, says: &str) {
        let shown = value.to_string();
        let refusal = with(claim, value).unwrap_err();
        assert!(
            refusal.message.contains(says),
            "{claim}: {shown}: {}",
            refusal.message
        );
    }

    #[test]
    fn a_token_lives_until_its_end_and_the_leeway() {
        for exp in [json!(NOW - 29), json!(NOW as f64 - 29.5), json!(1e18)] {
            assert!(with("exp", exp.clone()).is_ok(), "{exp}");
        }
        let ends = with("exp", json!(NOW)).unwrap().expires_at.unwrap();
        assert_eq!(ends, SystemTime::UNIX_EPOCH + Duration::from_secs(NOW + 30));
        for exp in [json!(NOW - 30), json!(0), json!(NOW as f64 - 30.5)] {
            refused("exp", exp, "expired");
        }
        for exp in [json!("2000000060"), json!(-1), json!(true), json!([1])] {
            refused("exp", exp, r#""exp" must be a time"#);
        }
        refused("exp", Value::Null, r#""exp" is needed"#);
    }

    #[test]
    fn a_token_begins_when_it_says() {
        for nbf in [json!(NOW + 30), json!(0)] {
            assert!(with("nbf", nbf.clone()).is_ok(), "{nbf}");
        }
        refused("nbf", json!(NOW + 31), "not valid yet");
        refused("nbf", json!("soon"), r#""nbf" must be a time"#);
    }

    #[test]
    fn a_token_has_a_subject() {
        for sub in [Value::Null, json!(""), json!(7), json!(["alice"])] {
            refused("sub", sub, r#""sub" is needed"#);
        }
        assert_eq!(&*with("sub", json!("bob")).unwrap().subject, "bob");
    }

    #[test]
    fn audience_and_issuer_are_the_configured_ones() {
        for aud in [json!("here"), json!(["there", "here"])] {
            assert!(with("aud", aud.clone()).is_ok(), "{aud}");
        }
        for aud in [Value::Null, json!("there"), json!([]), json!("her")] {
            refused("aud", aud, r#""aud" does not name"#);
        }
        for aud in [json!(7), json!(["here", 7]), json!({ "here": true })] {
            refused("aud", aud, r#""aud" must be"#);
        }
        for iss in [Value::Null, json!("them")] {
            refused("iss", iss, r#""iss" does not name"#);
        }
        refused("iss", json!(["us"]), r#""iss" must be"#);
    }

    #[test]
    fn workspaces_are_listed_or_all() {
        let of = |value| with("workspaces", value).unwrap().workspaces;
        let only =
            |ids: &[&str]| Workspaces::Only(ids.iter().map(|id| id.parse().unwrap()).collect());
        assert_eq!(*of(Value::Null), only(&[]));
        assert_eq!(*of(json!([])), only(&[]));
        assert_eq!(*of(json!(["b", "a"])), only(&["a", "b"]));
        assert_eq!(*of(json!(["*"])), Workspaces::All);
        for bad in [
            json!("*"),
            json!([1]),
            json!(["a/b"]),
            json!({ "a": 1 }),
            json!([""]),
        ] {
            refused("workspaces", bad, r#""workspaces" must be"#);
        }
    }

    #[test]
    fn scopes_are_words() {
        for (scope, execute, read, admin) in [
            (Value::Null, true, true, false),
            (json!(""), false, false, false),
            (json!("read"), false, true, false),
            (json!("openid execute admin"), true, false, true),
            (json!("executes,read"), false, false, false),
        ] {
            let scopes = with("scope", scope.clone()).unwrap().scopes;
            let wanted = Scopes {
                execute,
                read,
                admin,
            };
            assert_eq!(scopes, wanted, "{scope}");
        }
        refused("scope", json!(["read"]), r#""scope" must be"#);
    }
}
