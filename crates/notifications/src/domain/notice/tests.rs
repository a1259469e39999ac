use super::*;

const SITE: &str = "https://doktolib.example";

#[test]
fn every_template_can_be_written_and_knows_its_name() {
    for (template, _) in TEMPLATES {
        assert_eq!(Notice::sample(template, SITE).unwrap().template(), template);
    }
}

#[test]
fn a_missing_value_is_told_by_its_name() {
    for (template, values) in TEMPLATES {
        for (missing, _) in values.iter().filter(|(name, _)| *name != "reason_given") {
            let mut given = sample_values(template, SITE).unwrap();
            given.remove(*missing);
            let refused = Notice::parse(template, &given, SITE).unwrap_err();
            assert_eq!(refused, NoticeError::Missing { template, value: missing });
            assert_eq!(refused.to_string(), format!("{template}: the value {missing} is missing"));
        }
    }
}

#[test]
fn a_template_nobody_knows_and_a_value_that_does_not_fit_are_refused() {
    let given = BTreeMap::new();
    assert_eq!(Notice::parse("sign-in", &given, SITE), Err(NoticeError::UnknownTemplate));
    for (template, value, bad) in [
        ("sign-in-code", "minutes", "soon"),
        ("invitation", "role", "king"),
        ("invitation", "url", "https://evil.example/"),
        ("password-reset", "url", "https://evil.example/"),
        ("booking-confirmed", "manage_url", "javascript:x"),
    ] {
        let mut given = sample_values(template, SITE).unwrap();
        given.insert(value.to_owned(), bad.to_owned());
        assert_eq!(Notice::parse(template, &given, SITE), Err(NoticeError::Unusable { template, value }));
    }
}
