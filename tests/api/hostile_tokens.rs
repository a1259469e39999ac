//! Tokens that somebody has made up, bent or found elsewhere: all of them are told 401.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use auth::infrastructure::TokenKeys;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use kernel::{Clock as _, Role, SessionId, UserId};
use platform::signing;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::app::{App, PUBLIC_URL, Wishes, secret, with};
use crate::sign_ins::{SESSIONS, account, app, looking, refresh, sign_in, sign_in_on_a_page, with_token};

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn own_key() -> EncodingKey {
    EncodingKey::from_secret(&signing::derive(&secret(), "access-token"))
}

fn signed_with(header: &Value, claims: &Value, key: &EncodingKey, algorithm: Algorithm) -> String {
    let message = format!("{}.{}", encoded(header), encoded(claims));
    let signature = crypto::sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}

/// Signed as we sign, whatever it says.
fn signed(header: &Value, claims: &Value) -> String {
    signed_with(header, claims, &own_key(), Algorithm::HS256)
}

struct Good {
    header: Value,
    claims: Value,
    access: String,
}

/// What a good token of this session says.
fn good(app: &App, user: UserId, session: SessionId, access: &str) -> Good {
    let now = app.clock.now().as_second();
    Good {
        header: json!({"typ": "JWT", "alg": "HS256", "kid": "0"}),
        claims: json!({"iss": PUBLIC_URL, "aud": "doktolib-api", "sub": user, "sid": session,
            "iat": now, "nbf": now, "exp": now + 900}),
        access: access.to_owned(),
    }
}

fn bent_headers(good: &Good) -> Vec<(&'static str, String)> {
    let none = |alg: &str| format!("{}.{}.", encoded(&with(&good.header, "alg", alg)), encoded(&good.claims));
    let header = |name: &str, value: Value| signed(&with(&good.header, name, value), &good.claims);
    let signature = good.access.rsplit('.').next().unwrap();
    let mut bent = vec![
        ("alg none", none("none")),
        ("alg None", none("None")),
        ("alg NONE", none("NONE")),
        ("alg none with our signature", format!("{}{signature}", none("none"))),
        ("alg RS256 signed by HMAC", header("alg", json!("RS256"))),
        ("alg ES256 signed by HMAC", header("alg", json!("ES256"))),
        ("alg HS384 signed by HS256", header("alg", json!("HS384"))),
        ("alg in lower case", header("alg", json!("hs256"))),
        ("alg is a number", header("alg", json!(256))),
        ("no alg", header("alg", Value::Null)),
        ("no kid", header("kid", Value::Null)),
        ("no typ", header("typ", Value::Null)),
        ("another typ", header("typ", json!("at+jwt"))),
        ("unknown kid", header("kid", json!("1"))),
        ("kid is a path", header("kid", json!("../../../../dev/null"))),
        ("kid is an address", header("kid", json!("https://evil.example/key"))),
        ("kid is SQL", header("kid", json!("0' UNION SELECT 'key' --"))),
        ("kid is an array", header("kid", json!(["0"]))),
        ("kid is a number", header("kid", json!(0))),
        ("kid is an object", header("kid", json!({"$ne": ""}))),
        ("kid has a NUL", header("kid", json!("0\u{0}"))),
        ("kid is empty", header("kid", json!(""))),
        ("key by address", header("jku", json!("https://evil.example/jwks.json"))),
        ("certificate by address", header("x5u", json!("https://evil.example/c.pem"))),
        ("brings its key", header("jwk", json!({"kty": "oct", "k": "AA"}))),
        ("wants the unknown understood", header("crit", json!(["exp"]))),
        ("not base64 in the signature", header("b64", json!(false))),
        ("compressed", header("zip", json!("DEF"))),
    ];
    for (name, algorithm) in [("signed by HS384", Algorithm::HS384), ("signed by HS512", Algorithm::HS512)] {
        let word = if algorithm == Algorithm::HS384 { "HS384" } else { "HS512" };
        bent.push((name, signed_with(&with(&good.header, "alg", word), &good.claims, &own_key(), algorithm)));
        bent.push((name, signed_with(&good.header, &good.claims, &own_key(), algorithm)));
    }
    bent
}

fn bent_claims(good: &Good) -> Vec<(&'static str, String)> {
    let claim = |name: &str, value: Value| signed(&good.header, &with(&good.claims, name, value));
    let now = good.claims["iat"].as_i64().unwrap();
    vec![
        ("expired", claim("exp", json!(now))),
        ("expired long ago", claim("exp", json!(0))),
        ("ends before time begins", claim("exp", json!(-1))),
        ("no end", claim("exp", Value::Null)),
        ("its end is a text", claim("exp", json!("9999999999"))),
        ("its end is a fraction", claim("exp", json!(9_999_999_999.5))),
        ("its end is past all numbers", claim("exp", json!(1e300))),
        ("not yet good", claim("nbf", json!(now + 60))),
        ("no beginning", claim("nbf", Value::Null)),
        ("made in the future", claim("iat", json!(now + 60))),
        ("for somebody else", claim("aud", json!("another-api"))),
        ("for nobody", claim("aud", Value::Null)),
        ("for many", claim("aud", json!(["doktolib-api", "another-api"]))),
        ("of another issuer", claim("iss", json!("https://evil.example"))),
        ("of an issuer with a slash", claim("iss", json!(format!("{PUBLIC_URL}/")))),
        ("of no issuer", claim("iss", Value::Null)),
        ("no session", claim("sid", Value::Null)),
        ("unknown session", claim("sid", json!(SessionId::mint()))),
        ("session is no id", claim("sid", json!("' OR true --"))),
        ("session is nil", claim("sid", json!("00000000-0000-0000-0000-000000000000"))),
        ("no subject", claim("sub", Value::Null)),
        ("another subject", claim("sub", json!(UserId::mint()))),
        ("no claims", signed(&good.header, &json!({}))),
        ("claims are a list", signed(&good.header, &json!([]))),
        ("claims are null", signed(&good.header, &Value::Null)),
    ]
}

fn bent_forms(good: &Good) -> Vec<(&'static str, String)> {
    let parts: Vec<&str> = good.access.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("three parts") };
    let raised = encoded(&with(&good.claims, "role", "admin"));
    let padded = |text: &str| URL_SAFE.encode(URL_SAFE_NO_PAD.decode(text).unwrap());
    let other = |text: &str| STANDARD.encode(URL_SAFE_NO_PAD.decode(text).unwrap());
    let mut forms = vec![
        ("empty", String::new()),
        ("a word", "null".to_owned()),
        ("two dots", "..".to_owned()),
        ("three dots", "...".to_owned()),
        ("no signature", format!("{header}.{claims}.")),
        ("two parts", format!("{header}.{claims}")),
        ("four parts", format!("{}.{signature}", good.access)),
        ("five parts, as if encrypted", format!("{header}.{claims}.{signature}.{claims}.{signature}")),
        ("payload exchanged", format!("{header}.{raised}.{signature}")),
        ("signature exchanged", format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode([0; 32]))),
        ("signature cut", format!("{header}.{claims}.{}", &signature[..signature.len() - 2])),
        ("signature prolonged", format!("{}AA", good.access)),
        ("signature twice", format!("{header}.{claims}.{signature}{signature}")),
        ("signature padded", format!("{header}.{claims}.{signature}=")),
        ("header padded", format!("{}=.{claims}.{signature}", padded(header).trim_end_matches('='))),
        ("another alphabet", format!("{}.{}.{}", other(header), other(claims), other(signature))),
        ("a space inside", format!("{header}. {claims}.{signature}")),
        ("a comma and another", format!("{},{}", good.access, good.access)),
        ("as JSON", json!({"token": good.access}).to_string()),
        ("enormous", "a".repeat(60_000)),
        ("enormous and signed", signed(&good.header, &with(&good.claims, "x", "y".repeat(2000)))),
        ("many dots", ".".repeat(5_000)),
    ];
    // Any letter of the signature changed; the last one has bits that do not count and must not be free.
    for at in [0, signature.len() / 2, signature.len() - 1] {
        for letter in ["A", "B", "-", "_"].iter().filter(|letter| !signature[at..].starts_with(**letter)) {
            let changed = format!("{}{letter}{}", &signature[..at], &signature[at + 1..]);
            forms.push(("a letter of the signature", format!("{header}.{claims}.{changed}")));
        }
    }
    forms
}

const BOOK: &str = "/api/v1/appointments";

fn bearer(uri: &str, token: &str) -> TestRequest {
    TestRequest::post().uri(uri).set_json(json!({})).insert_header(("authorization", format!("Bearer {token}")))
}

#[actix_web::test]
async fn none_of_the_tricks_with_tokens_opens_anything() {
    let app = app().await;
    let user = account(&app, Role::Patient).await;
    let (held, page) = (sign_in(&app, user).await, sign_in_on_a_page(&app, user).await);
    let good = good(&app, user, held.session, &held.access);
    for access in [&held.access, &signed(&good.header, &good.claims)] {
        assert_eq!(with_token(&app, Method::GET, SESSIONS, access).await.status, 200, "the control");
    }
    let stranger = account(&app, Role::Patient).await;
    let theirs = sign_in(&app, stranger).await;
    let of_page = with(&good.claims, "sid", json!(page.session));
    let of_stranger = with(&good.claims, "sid", json!(theirs.session));
    let empty = EncodingKey::from_secret(b"");
    let secret_itself = EncodingKey::from_secret(b"a secret of the tests, longer than 32 characters");
    let mut hostile = bent_headers(&good);
    hostile.extend(bent_claims(&good));
    hostile.extend(bent_forms(&good));
    hostile.extend([
        ("the refresh token", held.refresh.clone()),
        ("the cookie", page.cookie.clone()),
        ("of a session that a cookie carries", signed(&good.header, &of_page)),
        ("of somebody else's session", signed(&good.header, &of_stranger)),
        ("signed with nothing", signed_with(&good.header, &good.claims, &empty, Algorithm::HS256)),
        ("signed with the secret itself", signed_with(&good.header, &good.claims, &secret_itself, Algorithm::HS256)),
    ]);
    assert!(hostile.len() > 80, "{}", hostile.len());
    let before = app.texts("SELECT s::text FROM auth.session s ORDER BY id").await;
    for (name, token) in hostile {
        let answer = with_token(&app, Method::GET, SESSIONS, &token).await;
        assert_eq!(answer.problem(), (401, "not-signed-in".into()), "{name}: {token}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{name}");
        // What does not hold is not taken for a guest's request either.
        assert_eq!(app.send(bearer(BOOK, &token)).await.status, 401, "{name}");
    }
    assert_eq!(app.texts("SELECT s::text FROM auth.session s ORDER BY id").await, before);
    assert_eq!(with_token(&app, Method::GET, SESSIONS, &held.access).await.status, 200);
}

#[actix_web::test]
async fn a_token_of_another_installation_is_worth_nothing() {
    let app = app().await;
    let theirs = TokenKeys::derived(&SecretString::from("another secret, longer than 32 characters".to_owned()));
    let there = app.beside(Wishes { token_keys: Some(theirs), ..looking() }).await;
    let user = account(&app, Role::Patient).await;
    // The session is there, the signature is another's.
    let held = sign_in(&there, user).await;
    assert_eq!(with_token(&there, Method::GET, SESSIONS, &held.access).await.status, 200);
    assert_eq!(with_token(&app, Method::GET, SESSIONS, &held.access).await.status, 401);
}

#[actix_web::test]
async fn what_is_no_refresh_token_is_told_401_and_what_is_no_text_422() {
    let app = app().await;
    let user = account(&app, Role::Patient).await;
    let (held, page) = (sign_in(&app, user).await, sign_in_on_a_page(&app, user).await);
    let wrong_length = &held.refresh[..42];
    let unknown = URL_SAFE_NO_PAD.encode([7; 32]);
    for token in [held.access.get(..200).unwrap(), &page.cookie, &page.csrf, wrong_length, &unknown, "' OR true --"] {
        assert_eq!(refresh(&app, token).await.problem(), (401, "not-signed-in".into()), "{token}");
    }
    for (body, fields) in [
        (json!({}), vec!["refresh_token:required"]),
        (json!({"refresh_token": ""}), vec!["refresh_token:length"]),
        (json!({"refresh_token": "x".repeat(201)}), vec!["refresh_token:length"]),
        (json!({"refresh_token": "\u{0}"}), vec!["body:characters"]),
        (json!({"refresh_token": [held.refresh]}), vec!["refresh_token:type"]),
        (json!({"refresh_token": held.refresh, "role": "admin"}), vec!["role:unknown"]),
    ] {
        assert_eq!(app.post(crate::sign_ins::REFRESH, &body).await.bad_fields(), fields, "{body}");
    }
    assert_eq!(refresh(&app, &held.refresh).await.status, 200, "none of it has used the real one up");
}
