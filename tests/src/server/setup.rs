//! How a server is set up.

use std::path::PathBuf;

use crate::services::{Engines, program};

/// How a server is set up; the default is what most tests need.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The programs; Longshore's own by default.
    pub api: PathBuf,
    pub worker: PathBuf,
    /// The CLI that workers run; the scripted one by default.
    pub claude: PathBuf,
    /// Settings of all programs, as variables.
    pub settings: Vec<(String, String)>,
    /// On a cluster.
    pub apis: usize,
    /// On a cluster.
    pub workers: usize,
    /// Of a test's own, or behind a proxy; else the shared ones.
    pub engines: Option<Engines>,
    /// The engines end with the test, so that nothing has to be taken from them.
    pub throwaway: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            api: program("longshore-api"),
            worker: program("longshore-worker"),
            claude: program("fake-claude"),
            settings: Vec::new(),
            apis: 2,
            workers: 2,
            engines: None,
            throwaway: false,
        }
    }
}

impl Setup {
    /// On these engines.
    #[must_use]
    pub fn on(mut self, engines: &Engines) -> Self {
        self.engines = Some(engines.clone());
        self
    }

    /// On these engines, which end with the test.
    #[must_use]
    pub fn on_own(mut self, engines: &Engines) -> Self {
        self.throwaway = true;
        self.on(engines)
    }

    /// With one more setting.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }
}
