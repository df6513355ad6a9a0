//! A router that remembers its addresses, so that a test can ask of each of them who may use it.
//!
//! It is written like axum's own: `.route("/tab", get(show_tab))`. What it knows more is [`Addresses::list`].

use crate::app::Shared;
use axum::Router;
use axum::handler::Handler;
use axum::routing::MethodRouter;
use http::Method;

/// One thing that can be asked of the shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// How.
    pub method: Method,
    /// Where, with the names of its parameters: `/l/{slug}`.
    pub path: String,
}

/// What can be asked at one path, and who answers.
pub struct Verbs {
    methods: Vec<Method>,
    handlers: MethodRouter<Shared>,
}

macro_rules! verbs {
    ($($verb:ident = $method:ident;)*) => {
        impl Verbs {$(
            #[doc = concat!("Also answers ", stringify!($method), " with `handler`.")]
            #[must_use]
            pub fn $verb<T: 'static>(mut self, handler: impl Handler<T, Shared>) -> Self {
                self.methods.push(Method::$method);
                Self { handlers: self.handlers.$verb(handler), ..self }
            }
        )*}
        $(
            #[doc = concat!("Answers ", stringify!($method), " with `handler`.")]
            pub fn $verb<T: 'static>(handler: impl Handler<T, Shared>) -> Verbs {
                Verbs { methods: Vec::new(), handlers: MethodRouter::new() }.$verb(handler)
            }
        )*
    };
}

verbs! {
    get = GET;
    head = HEAD;
    options = OPTIONS;
    post = POST;
    put = PUT;
    patch = PATCH;
    delete = DELETE;
}

/// Addresses, and who answers there.
#[derive(Default)]
pub struct Addresses {
    router: Router<Shared>,
    list: Vec<Address>,
}

impl Addresses {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a path.
    #[must_use]
    pub fn route(mut self, path: &str, verbs: Verbs) -> Self {
        let Verbs { methods, handlers } = verbs;
        self.list
            .extend(methods.into_iter().map(|method| Address { method, path: path.to_owned() }));
        Self { router: self.router.route(path, handlers), ..self }
    }

    /// Adds a router that was made elsewhere, with the addresses that it says it has.
    #[must_use]
    pub fn and(mut self, router: Router<Shared>, list: impl IntoIterator<Item = Address>) -> Self {
        self.list.extend(list);
        Self { router: self.router.merge(router), ..self }
    }

    /// Adds other addresses.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        self.and(other.router, other.list)
    }

    /// Puts something around all of them: `.around(|routes| routes.layer(…))`.
    #[must_use]
    pub fn around(self, put: impl FnOnce(Router<Shared>) -> Router<Shared>) -> Self {
        Self { router: put(self.router), ..self }
    }

    /// All of them, in the order in which they were added.
    pub fn list(&self) -> &[Address] {
        &self.list
    }

    /// The router.
    pub fn into_router(self) -> Router<Shared> {
        self.router
    }
}
