//! Who a request comes from: found out before any handler runs, asked for by what the handler takes.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage as _, HttpRequest, web};
use async_trait::async_trait;
use kernel::{Caller, PortFailure, Role, SessionId};

use super::problem::{Kind, Problem, kinds};
use crate::telemetry;

/// Names of the cookie that carries a session of the pages: the first where clients come over https, the second for
/// a development machine without it.
pub const SESSION_COOKIES: [&str; 2] = ["__Host-doktolib", "doktolib"];
/// Header field with the token that a page's own script knows and another site's does not.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// What a request shows to prove who it comes from.
#[derive(Clone)]
pub enum Shown {
    /// `Authorization: Bearer …` (RFC 6750).
    Bearer(String),
    /// The session cookie of the pages.
    Cookie {
        /// Which of [`SESSION_COOKIES`] it is.
        name: &'static str,
        /// The cookie's value.
        token: String,
        /// What stands in [`CSRF_HEADER`].
        csrf: Option<String>,
        /// Is it a method that changes nothing (RFC 9110, section 9.2.1)?
        safe: bool,
    },
}

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// Who, and how far that reaches.
    pub caller: Caller,
    /// By which sign-in.
    pub session: SessionId,
    /// Good for all, or only for setting up what is missing?
    pub extent: Extent,
}

/// How much a sign-in is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Everything that the role may do.
    Full,
    /// The password was right, a second factor is still to be set up; only that can be done.
    SecondFactorSetup,
}

/// Why somebody is turned away.
#[derive(Debug)]
pub enum Turned {
    /// What was shown is wrong, has expired or was revoked; why is nobody's business.
    NotSignedIn,
    /// The cookie is right, the proof that the page itself asks is missing.
    Forged,
    /// It could not be found out.
    Failed(PortFailure),
}

/// Looks at what requests show.
#[async_trait]
pub trait Doorkeeper: Send + Sync {
    /// Who shows this? Looks at the session anew each time, so that a sign-out counts at once everywhere.
    async fn admit(&self, shown: Shown) -> Result<SignedIn, Turned>;
}

/// What the layer has found out, for the extractors.
#[derive(Clone)]
enum Found {
    Nothing,
    SignedIn(SignedIn),
    NotSignedIn,
    Forged,
    Unavailable,
    Broken,
}

/// The layer that asks the [`Doorkeeper`], which lies in the application's data as `Data<dyn Doorkeeper>`.
///
/// # Errors
/// Those of the layers below.
pub async fn admission<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let found = match shown(&request) {
        None => Found::Nothing,
        Some(Err(())) => Found::NotSignedIn,
        Some(Ok(shown)) => match request.app_data::<web::Data<dyn Doorkeeper>>().cloned() {
            None => Found::Broken,
            Some(doorkeeper) => match doorkeeper.admit(shown).await {
                Ok(signed_in) => Found::SignedIn(signed_in),
                Err(Turned::NotSignedIn) => Found::NotSignedIn,
                Err(Turned::Forged) => Found::Forged,
                Err(Turned::Failed(failure)) => {
                    telemetry::log_failure(&failure);
                    match failure.kind() {
                        kernel::FailureKind::Internal => Found::Broken,
                        kernel::FailureKind::Unavailable | kernel::FailureKind::Contention => Found::Unavailable,
                    }
                }
            },
        },
    };
    request.extensions_mut().insert(found);
    next.call(request).await
}

fn shown(request: &ServiceRequest) -> Option<Result<Shown, ()>> {
    let mut given = request.headers().get_all(header::AUTHORIZATION);
    if let Some(value) = given.next() {
        if given.next().is_some() {
            return Some(Err(()));
        }
        let token = value.to_str().ok().and_then(|text| {
            let (scheme, token) = text.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
        });
        return Some(token.map(Shown::Bearer).ok_or(()));
    }
    let (name, cookie) = SESSION_COOKIES.iter().find_map(|name| Some((*name, request.cookie(name)?)))?;
    let csrf = request.headers().get(CSRF_HEADER).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Some(Ok(Shown::Cookie { name, token: cookie.value().to_owned(), csrf, safe: request.method().is_safe() }))
}

/// 401 with the challenge that it always has (RFC 9110, section 15.5.2).
#[must_use]
pub fn unauthorized(kind: &'static Kind) -> Problem {
    Problem::of(kind).header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}

/// 401, for handlers that admit nobody else.
#[must_use]
pub fn not_signed_in() -> Problem {
    unauthorized(&kinds::NOT_SIGNED_IN)
}

/// Who is signed in, or nobody.
///
/// # Errors
/// When something was shown that does not hold: it is never taken for a guest's request.
pub fn signed_in(request: &HttpRequest) -> Result<Option<SignedIn>, Problem> {
    let found = request.extensions().get::<Found>().cloned();
    match found {
        None | Some(Found::Broken) => Err(Problem::of(&kinds::INTERNAL)),
        Some(Found::Nothing) => Ok(None),
        Some(Found::SignedIn(signed_in)) => Ok(Some(signed_in)),
        Some(Found::NotSignedIn) => Err(not_signed_in()),
        Some(Found::Forged) => Err(Problem::of(&kinds::CSRF)),
        Some(Found::Unavailable) => Err(Problem::unavailable()),
    }
}

fn full(signed_in: SignedIn) -> Result<SignedIn, Problem> {
    match signed_in.extent {
        Extent::Full => Ok(signed_in),
        Extent::SecondFactorSetup => Err(Problem::of(&kinds::SECOND_FACTOR_MISSING)),
    }
}

/// For operations that are open to all: the guest, or who is signed in. Stands first among a handler's arguments.
pub struct Anybody(
    /// Who asks.
    pub Caller,
);

impl FromRequest for Anybody {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(signed_in(request).and_then(|found| match found {
            None => Ok(Self(Caller::guest())),
            Some(signed_in) => Ok(Self(full(signed_in)?.caller)),
        }))
    }
}

/// Which roles an operation is for at all; what they reach is decided by the use case.
pub trait Roles {
    /// The roles that may ever do it.
    const MAY: &'static [Role];
}

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident: $($role:ident)+;)+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $name {}

        impl Roles for $name {
            const MAY: &'static [Role] = &[$(Role::$role),+];
        }
    )+};
}

roles! {
    /// Everybody who is signed in.
    AnyRole: Patient Doctor Staff Admin;
    /// Patients alone.
    Patients: Patient;
    /// Those who look after patients or treat them, and their front desks.
    Carers: Patient Doctor Staff;
    /// Those who read what stands in papers: patients, who looks after them, and doctors.
    Readers: Patient Doctor;
    /// Those who treat patients, and their front desks.
    Practice: Doctor Staff;
    /// Front desks alone.
    Desk: Staff;
    /// Doctors alone.
    Doctors: Doctor;
    /// Those who run calendars.
    Team: Doctor Staff Admin;
    /// Front desks and administrators.
    FrontDesk: Staff Admin;
    /// Administrators alone.
    Admins: Admin;
}

/// For operations that want a sign-in with one of the roles `R`. Stands first among a handler's arguments, so that
/// nobody else's body is looked at: 401 without a sign-in, 403 in another role.
pub struct As<R> {
    /// Who asks.
    pub caller: Caller,
    /// By which sign-in.
    pub session: SessionId,
    roles: PhantomData<R>,
}

impl<R: Roles> FromRequest for As<R> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(signed_in(request).and_then(|found| {
            let SignedIn { caller, session, .. } = full(found.ok_or_else(not_signed_in)?)?;
            if caller.role().is_some_and(|role| R::MAY.contains(&role)) {
                Ok(Self { caller, session, roles: PhantomData })
            } else {
                Err(Problem::of(&kinds::FORBIDDEN))
            }
        }))
    }
}

/// For the operations that set up a missing second factor: also sign-ins that are good for nothing else.
pub struct SettingUp(
    /// Who asks.
    pub SignedIn,
);

impl FromRequest for SettingUp {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(signed_in(request).and_then(|found| Ok(Self(found.ok_or_else(not_signed_in)?))))
    }
}

/// A doorkeeper as the application's data.
#[must_use]
pub fn doorkeeper(keeper: Arc<dyn Doorkeeper>) -> web::Data<dyn Doorkeeper> {
    web::Data::from(keeper)
}

#[cfg(test)]
mod tests {
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, HttpResponse};
    use kernel::UserId;

    use super::*;

    struct Door;

    #[async_trait]
    impl Doorkeeper for Door {
        async fn admit(&self, shown: Shown) -> Result<SignedIn, Turned> {
            let signed_in = |caller, extent| Ok(SignedIn { caller, session: SessionId::mint(), extent });
            match shown {
                Shown::Bearer(token) if token == "patient" => signed_in(Caller::patient(UserId::mint()), Extent::Full),
                Shown::Bearer(token) if token == "admin" => signed_in(Caller::admin(UserId::mint()), Extent::Full),
                Shown::Bearer(token) if token == "half" => {
                    signed_in(Caller::admin(UserId::mint()), Extent::SecondFactorSetup)
                }
                Shown::Cookie { safe, csrf, .. } if safe || csrf.as_deref() == Some("c") => {
                    signed_in(Caller::admin(UserId::mint()), Extent::Full)
                }
                Shown::Cookie { .. } => Err(Turned::Forged),
                Shown::Bearer(_) => Err(Turned::NotSignedIn),
            }
        }
    }

    async fn status(request: TestRequest) -> u16 {
        let admins = |_: As<Admins>| async { HttpResponse::Ok().finish() };
        let app = App::new()
            .app_data(doorkeeper(Arc::new(Door)))
            .route("/admins", web::to(admins))
            .route("/open", web::to(|_: Anybody| async { HttpResponse::Ok().finish() }))
            .route("/setup", web::to(|_: SettingUp| async { HttpResponse::Ok().finish() }))
            .wrap(actix_web::middleware::from_fn(admission));
        call_service(&init_service(app).await, request.to_request()).await.status().as_u16()
    }

    fn bearer(uri: &str, token: &str) -> TestRequest {
        TestRequest::with_uri(uri).insert_header(("authorization", format!("Bearer {token}")))
    }

    #[actix_web::test]
    async fn a_role_opens_its_own_operations() {
        assert_eq!(status(bearer("/admins", "admin")).await, 200);
        assert_eq!(status(bearer("/admins", "patient")).await, 403);
        assert_eq!(status(TestRequest::with_uri("/admins")).await, 401);
        assert_eq!(status(TestRequest::with_uri("/open")).await, 200);
    }

    #[actix_web::test]
    async fn what_does_not_hold_is_not_taken_for_a_guest() {
        for bad in ["Bearer wrong", "Basic YTpi", "Bearer", "patient"] {
            for uri in ["/open", "/admins", "/setup"] {
                let request = TestRequest::with_uri(uri).insert_header(("authorization", bad));
                assert_eq!(status(request).await, 401, "{bad} {uri}");
            }
        }
        let twice = bearer("/open", "admin").append_header(("authorization", "Bearer patient"));
        assert_eq!(status(twice).await, 401);
    }

    #[actix_web::test]
    async fn half_a_sign_in_is_good_for_the_other_half_alone() {
        assert_eq!(status(bearer("/setup", "half")).await, 200);
        assert_eq!(status(bearer("/admins", "half")).await, 403);
        assert_eq!(status(bearer("/open", "half")).await, 403);
    }

    #[actix_web::test]
    async fn a_cookie_changes_something_only_with_the_page_s_own_token() {
        let cookie = || TestRequest::with_uri("/admins").insert_header(("cookie", "__Host-doktolib=x"));
        assert_eq!(status(cookie()).await, 200);
        assert_eq!(status(cookie().method(actix_web::http::Method::POST)).await, 403);
        let proven = cookie().method(actix_web::http::Method::POST).insert_header((CSRF_HEADER, "c"));
        assert_eq!(status(proven).await, 200);
    }
}
