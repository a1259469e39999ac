//! Is it really the provider who speaks? (<https://www.twilio.com/docs/usage/security#validating-requests>)

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha1::Sha1;

/// HMAC-SHA1 over the address that was asked, and every field of the form with its value, by the fields' names.
fn mac(token: &SecretString, url: &str, form: &[(String, String)]) -> Option<Hmac<Sha1>> {
    let mut mac = Hmac::<Sha1>::new_from_slice(token.expose_secret().as_bytes()).ok()?;
    mac.update(url.as_bytes());
    let mut form: Vec<_> = form.iter().collect();
    form.sort();
    for (name, value) in form {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    Some(mac)
}

/// Was it signed with the account's token? Compared in constant time.
pub(super) fn is_signed(token: &SecretString, url: &str, form: &[(String, String)], signature: &str) -> bool {
    let given = STANDARD.decode(signature.trim()).unwrap_or_default();
    mac(token, url, form).is_some_and(|mac| mac.verify_slice(&given).is_ok())
}

/// The signature that the provider would make.
#[must_use]
pub fn twilio_signature(token: &SecretString, url: &str, form: &[(String, String)]) -> String {
    mac(token, url, form).map(|mac| STANDARD.encode(mac.finalize().into_bytes())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of its documentation.
    #[test]
    fn the_providers_example_is_signed_as_it_says_and_nothing_near_it_is() {
        let token = SecretString::from("12345".to_owned());
        let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
        let form = [
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675309"),
            ("Digits", "1234"),
            ("From", "+14158675309"),
            ("To", "+18005551212"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let signature = twilio_signature(&token, url, &form);
        assert_eq!(signature, "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
        assert!(is_signed(&token, url, &form, &signature));
        let mut turned = form.clone();
        turned.reverse();
        assert!(is_signed(&token, url, &turned, &signature), "the order does not matter");
        let other = SecretString::from("12346".to_owned());
        assert!(!is_signed(&other, url, &form, &signature));
        assert!(!is_signed(&token, "https://mycompany.com/myapp.php?foo=1", &form, &signature));
        assert!(!is_signed(&token, url, &form[1..], &signature));
        for wrong in ["", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="] {
            assert!(!is_signed(&token, url, &form, wrong), "{wrong}");
        }
    }
}
