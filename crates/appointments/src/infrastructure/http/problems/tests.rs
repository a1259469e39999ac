use actix_web::ResponseError as _;

use super::*;

#[test]
fn who_named_no_version_hears_of_rivals_and_not_of_a_precondition() {
    for problem in [
        Problem::from(CancelError::Contended),
        RescheduleError::Contended.into(),
        MarkError::Contended.into(),
        CheckInError::Contended.into(),
        CorrectError::Contended.into(),
    ] {
        let body: Value = serde_json::from_slice(&problem.body()).unwrap();
        assert_eq!((problem.status_code().as_u16(), &body["code"]), (409, &Value::from("changed-meanwhile")));
    }
    assert_eq!(Problem::from(CancelError::VersionChanged).status_code().as_u16(), 412);
}
