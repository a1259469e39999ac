//! Files of patients: handed in, listed, read, changed, deleted.

use actix_web::test::TestRequest;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::app::{Who, id};
use crate::papers::{BOUNDARY, House, Part, UPLOAD, VIRUS, body, file, form, says, text_of};

const MIB: usize = 1024 * 1024;

#[actix_web::test]
async fn what_is_handed_in_comes_back_as_it_was() {
    let house = House::new().await;
    let content = b"Total cholesterol: 190 mg/dL on 2027-02-11\nGlucose: 80\n".to_vec();
    let files = house.uploaded(&[file("Blood test.txt", content.clone())]).await;
    let told = &files[0];
    let uri = format!("/api/v1/files/{}", told["id"].as_str().unwrap());
    let digest: String = Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
    for (field, value) in [
        ("patient_id", json!(id('b', 1))),
        ("category", json!("lab_results")),
        ("name", json!("Blood test.txt")),
        ("kind", json!("txt")),
        ("state", json!("available")),
        ("size", json!(content.len())),
        ("sha256", json!(digest)),
        ("version", json!(1)),
        ("uploaded_by", json!("patient")),
        ("dates", json!([])),
    ] {
        assert_eq!(told[field], value, "{field} of {told}");
    }
    let read = house.app.get_as(Who::Patient(1), &format!("{uri}/content")).await;
    assert_eq!((read.status, read.body.as_ref()), (200, content.as_slice()));
    for (name, value) in [
        ("content-type", "text/plain; charset=utf-8"),
        ("content-disposition", "attachment; filename=\"Blood test.txt\"; filename*=UTF-8''Blood%20test.txt"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("cache-control", "private, no-store"),
        ("accept-ranges", "bytes"),
    ] {
        assert_eq!(read.header(name), Some(value), "{name}");
    }
    assert!(read.header("repr-digest").unwrap().starts_with("sha-256=:") && read.header("content-encoding").is_none());
    // What lies in the storage is sealed, and is called after nobody.
    let objects = house.objects();
    assert_eq!(objects.len(), 1);
    assert!(objects[0].ends_with(told["key"].as_str().unwrap()));
    let stored = std::fs::read(&objects[0]).unwrap();
    assert!(
        !stored.windows(11).any(|window| window == b"cholesterol") && !objects[0].to_string_lossy().contains("Blood")
    );

    house.work().await;
    let known = house.app.get_as(Who::Patient(1), &uri).await;
    assert_eq!(known.json()["dates"], json!(["2027-02-11"]), "{}", known.text());
    assert!(house.spooled().is_empty());
    let actions =
        house.app.texts("SELECT action FROM journal.audit_event WHERE action LIKE 'file.%' ORDER BY seq").await;
    assert_eq!(actions, ["file.uploaded", "file.read"]);
    house.app.audited().await;
}

#[actix_web::test]
async fn ten_mebibytes_pass_and_one_octet_more_leaves_nothing_behind() {
    let house = House::new().await;
    let too_large =
        house.upload(Who::Patient(1), &[file("a.txt", "small"), file("b.txt", text_of(10 * MIB + 1))]).await;
    assert_eq!(too_large.problem(), (413, "too-large".to_owned()));
    house.is_untouched().await;
    let files = house.uploaded(&[file("b.txt", text_of(10 * MIB))]).await;
    assert_eq!(files[0]["size"], 10 * MIB);
    let read =
        house.app.get_as(Who::Patient(1), &format!("/api/v1/files/{}/content", files[0]["id"].as_str().unwrap())).await;
    assert_eq!(read.body.len(), 10 * MIB);
}

#[actix_web::test]
async fn five_files_are_taken_at_once_and_six_are_not() {
    let house = House::new().await;
    let names = ["1.txt", "2.txt", "3.txt", "4.txt", "5.txt", "6.txt"];
    let parts = |count: usize| names[..count].iter().map(|name| file(name, *name)).collect::<Vec<_>>();
    let refused = house.upload(Who::Patient(1), &parts(6)).await;
    assert_eq!(refused.bad_fields(), ["file:too-many"]);
    house.is_untouched().await;
    assert_eq!(house.uploaded(&parts(5)).await.len(), 5);
    assert_eq!(house.objects().len(), 5);
}

#[actix_web::test]
async fn a_form_is_refused_with_all_that_is_wrong_with_it() {
    let house = House::new().await;
    let refused = house
        .upload(Who::Patient(1), &[says("patient_id", "x"), says("category", "letters"), says("role", "admin")])
        .await;
    assert_eq!(refused.bad_fields(), ["category:type", "file:required", "patient_id:type", "role:unknown"]);
    let twice = [says("category", "other"), says("category", "other"), file("a.txt", "a")];
    assert_eq!(house.upload(Who::Patient(1), &twice).await.bad_fields(), ["category:duplicate"]);
    let json = house.app.post_as(Who::Patient(1), UPLOAD, &json!({})).await;
    assert_eq!(json.problem(), (415, "unsupported-media-type".to_owned()));
    // The sender was cut off in the middle of a file.
    let mut half = body(&[file("a.txt", text_of(100_000))]);
    half.truncate(50_000);
    let request = TestRequest::post()
        .uri(UPLOAD)
        .insert_header(("content-type", format!("multipart/form-data; boundary={BOUNDARY}")))
        .set_payload(half);
    assert_eq!(house.app.send_as(Who::Patient(1), request).await.problem(), (400, "unreadable".to_owned()));
    house.is_untouched().await;
}

#[actix_web::test]
async fn a_bad_file_is_named_by_its_place_and_takes_the_others_with_it() {
    let house = House::new().await;
    let page = "<html><script>alert(1)</script></html>";
    let refused = house.upload(Who::Patient(1), &[file("a.txt", "good"), file("b.pdf", page), file("c.txt", "")]).await;
    assert_eq!(refused.problem(), (422, "unfit-file".to_owned()));
    let fields = refused.fields();
    assert!(fields.len() == 2 && fields[0].starts_with("file[1]:") && fields[1] == "file[2]:empty", "{fields:?}");
    house.is_untouched().await;
}

#[actix_web::test]
async fn a_virus_leaves_an_audit_event_without_a_name_and_nothing_else() {
    let house = House::new().await;
    let refused = house.upload(Who::Patient(1), &[file("good.txt", "good"), file("Ada's.txt", VIRUS)]).await;
    assert_eq!(
        (refused.problem(), refused.fields()),
        ((422, "infected".to_owned()), vec!["file[1]:infected".to_owned()])
    );
    house.is_untouched().await;
    let events = house.app.texts("SELECT data::text FROM journal.audit_event WHERE action = 'file.refused'").await;
    assert!(events.len() == 1 && !events[0].contains("Ada") && events[0].contains(&id('b', 1)), "{events:?}");
}

#[actix_web::test]
async fn the_same_key_twice_makes_one_set_of_files_and_another_content_is_refused() {
    let house = House::new().await;
    let with_key = |parts: &[Part<'_>]| form(UPLOAD, parts).insert_header(("idempotency-key", "one"));
    let parts = [file("a.txt", "first"), file("b.txt", "second")];
    let first = house.app.send_as(Who::Patient(1), with_key(&parts)).await;
    let again = house.app.send_as(Who::Patient(1), with_key(&parts)).await;
    assert_eq!((first.status, again.status, again.header("idempotent-replayed")), (201, 201, Some("true")));
    assert_eq!(first.text(), again.text());
    let other = house.app.send_as(Who::Patient(1), with_key(&[file("a.txt", "first"), file("b.txt", "other")])).await;
    assert_eq!(other.problem(), (422, "idempotency-key-reused".to_owned()));
    assert_eq!(house.app.number("SELECT count(*) FROM files.file").await, 2);
    assert_eq!(house.objects().len(), 2);
    // Somebody else's key is another one.
    assert_eq!(house.app.send_as(Who::Patient(2), with_key(&parts)).await.status, 201);
}

#[actix_web::test]
async fn while_the_scanner_is_away_files_are_kept_and_nobody_reads_them() {
    let house = House::new().await;
    house.scanner.set_away(true);
    let files = house.uploaded(&[file("good.txt", "good news"), file("bad.txt", VIRUS)]).await;
    assert!(files.iter().all(|file| file["state"] == "quarantined"), "{files:?}");
    let content = |place: usize| format!("/api/v1/files/{}/content", files[place]["id"].as_str().unwrap());
    let refused = house.app.get_as(Who::Patient(1), &content(0)).await;
    assert_eq!(refused.problem(), (409, "file-quarantined".to_owned()));
    let key = files[0]["key"].as_str().unwrap();
    let link = house.app.get_as(Who::Patient(1), &format!("/api/v1/files/presigned-url/{key}")).await;
    assert_eq!(link.problem(), (409, "file-quarantined".to_owned()));

    house.run("files.rescan").await;
    assert_eq!(house.app.get_as(Who::Patient(1), &content(0)).await.status, 409, "it is still away");
    house.scanner.set_away(false);
    house.run("files.rescan").await;
    assert_eq!(house.app.get_as(Who::Patient(1), &content(0)).await.status, 200);
    let infected = house.app.get_as(Who::Patient(1), &content(1)).await;
    assert_eq!(infected.problem(), (409, "file-infected".to_owned()));
    assert_eq!((house.objects().len(), house.spooled().len()), (1, 0));
    let found = house.app.get_as(Who::Patient(1), "/api/v1/files/list?q=news").await;
    assert_eq!(found.list().len(), 1, "a file that was released is read");
    let states = house.app.get_as(Who::Patient(1), "/api/v1/files/list?state=infected").await;
    assert_eq!(states.list().len(), 1);
    let actions =
        "SELECT action FROM journal.audit_event WHERE action LIKE 'file.%' AND actor_kind = 'system' ORDER BY action";
    assert_eq!(house.app.texts(actions).await, ["file.infected", "file.read", "file.released"]);
}

#[actix_web::test]
async fn hostile_names_are_harmless_wherever_they_come_back() {
    let house = House::new().await;
    let long = format!("{}.txt", "x".repeat(4096));
    for (hostile, shown) in [
        ("../../../etc/passwd", "passwd.txt"),
        ("..\\\\..\\\\win.ini", "win.ini.txt"),
        ("\u{202e}gpj.exe", "gpj.exe.txt"),
        ("a%0d%0aSet-Cookie: x=1.txt", "a_0d_0aSet-Cookie_ x=1.txt"),
        ("a; filename=b.html", "a_ filename=b.html.txt"),
        (long.as_str(), ""),
    ] {
        let files = house.uploaded(&[file(hostile, "text")]).await;
        let name = files[0]["name"].as_str().unwrap().to_owned();
        assert!(if shown.is_empty() { name.len() <= 210 } else { name == shown }, "{hostile:?} became {name:?}");
        let uri = format!("/api/v1/files/{}/content", files[0]["id"].as_str().unwrap());
        let read = house.app.get_as(Who::Patient(1), &uri).await;
        assert!(read.header("set-cookie").is_none());
        assert_eq!(read.header("content-disposition").unwrap().matches('"').count(), 2);
    }
    assert!(house.objects().iter().all(|path| path.to_string_lossy().contains("/objects/patients/")));
}

#[actix_web::test]
async fn a_file_is_found_by_its_words_once_it_was_read_and_the_database_does_not_tell_them() {
    let house = House::new().await;
    house
        .uploaded(&[file("scan1.txt", "Hémoglobine 13.2, ferritin low"), file("Vaccination card.txt", "measles")])
        .await;
    let found = async |who, query: &str| {
        house.app.get_as(who, &format!("/api/v1/files/list?patient_id={}&{query}", id('b', 1))).await.list().len()
    };
    assert_eq!(found(Who::Patient(1), "q=vacc").await, 1, "names are known at once");
    assert_eq!(found(Who::Patient(1), "q=ferritin").await, 0, "nothing was read yet");
    house.work().await;
    for (query, count) in [
        ("q=ferr", 1),
        ("q=HEMOGLOBINE+low", 1),
        ("q=ferritin+measles", 0),
        ("q=measles", 1),
        ("q=erritin", 0),
        ("q=!", 0),
    ] {
        assert_eq!(found(Who::Patient(1), query).await, count, "{query}");
    }
    assert_eq!(found(Who::Doctor(1), "q=measles").await, 1);
    assert_eq!((found(Who::Staff(1), "q=measles").await, found(Who::Staff(1), "q=vacc").await), (0, 1));
    let stored = crate::at_rest::stored(&house.app).await;
    assert_eq!(
        crate::at_rest::in_the_clear(&stored, &["ferritin", "moglobine", "measles", "Vaccination card"]),
        [""; 0]
    );
    let told = house.app.get_as(Who::Patient(1), "/api/v1/files/list?category=medical_records").await.list();
    assert_eq!(told.len(), 1, "the name has told");
}

#[actix_web::test]
async fn a_newer_version_takes_the_place_of_the_one_before_which_is_kept() {
    let house = House::new().await;
    let files = house.uploaded(&[file("plan.txt", "first plan")]).await;
    let uri = format!("/api/v1/files/{}", files[0]["id"].as_str().unwrap());
    let versions = format!("{uri}/versions");
    let add = |content: &str| form(&versions, &[file("plan.txt", content)]).insert_header(("idempotency-key", "v2"));
    let added = house.app.send_as(Who::Doctor(1), add("second plan")).await;
    assert_eq!((added.status, added.json()["version"].as_i64()), (201, Some(2)), "{}", added.text());
    let again = house.app.send_as(Who::Doctor(1), add("second plan")).await;
    assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &added.body));
    let read = async |query: &str| house.app.get_as(Who::Patient(1), &format!("{uri}/content{query}")).await.text();
    assert_eq!((read("").await.as_str(), read("?version=1").await.as_str()), ("second plan", "first plan"));
    assert_eq!(house.app.get_as(Who::Patient(1), &format!("{uri}/content?version=3")).await.status, 404);
    let listed = house.app.get_as(Who::Patient(1), &versions).await.list();
    let told: Vec<_> = listed.iter().map(|one| (one["version"].as_i64(), one["uploaded_by"].as_str())).collect();
    assert_eq!(told, [(Some(2), Some("doctor")), (Some(1), Some("patient"))]);
    let two = form(&versions, &[file("a.txt", "a"), file("b.txt", "b")]);
    assert_eq!(house.app.send_as(Who::Patient(1), two).await.bad_fields(), ["file:too-many"]);
    assert_eq!(house.objects().len(), 2);
}

#[actix_web::test]
async fn category_and_name_are_changed_by_who_has_seen_them_and_a_chosen_category_stays() {
    let house = House::new().await;
    let files = house.uploaded(&[file("scan.txt", "cholesterol and glucose")]).await;
    let uri = format!("/api/v1/files/{}", files[0]["id"].as_str().unwrap());
    assert_eq!(files[0]["category"], "other");
    let patch = |body: serde_json::Value| TestRequest::patch().uri(&uri).set_json(body);
    let change = json!({"category": "insurance", "name": "../Card"});
    assert_eq!(house.app.send_as(Who::Patient(1), patch(change.clone())).await.status, 428);
    let tag = house.app.get_as(Who::Patient(1), &uri).await.header("etag").unwrap().to_owned();
    let changed =
        house.app.send_as(Who::Patient(1), patch(change.clone()).insert_header(("if-match", tag.clone()))).await;
    assert_eq!((changed.status, changed.json()["name"].as_str()), (200, Some("Card.txt")), "{}", changed.text());
    assert_eq!(house.app.send_as(Who::Patient(1), patch(change).insert_header(("if-match", tag))).await.status, 412);
    house.work().await;
    let known = house.app.get_as(Who::Patient(1), &uri).await.json();
    assert_eq!((&known["category"], &known["name"]), (&json!("insurance"), &json!("Card.txt")));
    let empty = house.app.send_as(Who::Patient(1), patch(json!({})).insert_header(("if-match", "*"))).await;
    assert_eq!(empty.bad_fields(), ["category:required"]);
    assert_eq!(house.app.get_as(Who::Patient(1), "/api/v1/files/list?q=card").await.list().len(), 1);
}

#[actix_web::test]
async fn what_is_deleted_is_gone_for_all_and_kept_for_seven_years() {
    let house = House::new().await;
    let files = house.uploaded(&[file("a.txt", "to be deleted"), file("b.txt", "to stay")]).await;
    let uri = format!("/api/v1/files/{}", files[0]["id"].as_str().unwrap());
    let delete = || TestRequest::delete().uri(&uri);
    assert_eq!(house.app.send_as(Who::Doctor(1), delete()).await.status, 403);
    assert_eq!(house.app.send_as(Who::Patient(2), delete()).await.status, 404);
    assert_eq!(house.app.send_as(Who::Patient(1), delete()).await.status, 204);
    for gone in [uri.clone(), format!("{uri}/content"), format!("{uri}/versions")] {
        assert_eq!(house.app.get_as(Who::Patient(1), &gone).await.status, 404, "{gone}");
        assert_eq!(house.app.get_as(Who::Doctor(1), &gone).await.status, 404, "{gone}");
    }
    assert_eq!(house.app.send_as(Who::Patient(1), delete()).await.status, 404);
    assert_eq!(house.app.get_as(Who::Patient(1), "/api/v1/files/list").await.list().len(), 1);
    house.run("files.purge").await;
    assert_eq!(house.objects().len(), 2, "its retention has not ended");
    house.app.set_clock("2034-03-08T04:59:00Z");
    house.run("files.purge").await;
    assert_eq!(house.objects().len(), 2, "one minute is left");
    house.app.set_clock("2034-03-08T05:01:00Z");
    house.run("files.purge").await;
    assert_eq!((house.objects().len(), house.app.number("SELECT count(*) FROM files.version").await), (1, 1));
    let proof = house.app.texts("SELECT data::text FROM journal.audit_event WHERE action = 'file.purged'").await;
    assert!(
        proof.len() == 1 && proof[0].contains("\"versions\":1") && proof[0].contains("\"retention_years\":7"),
        "{proof:?}"
    );
    house.app.audited().await;
}

#[actix_web::test]
async fn a_copy_holds_files_with_their_contents_and_an_erasure_forgets_them() {
    let house = House::new().await;
    house.uploaded(&[file("Blood test.txt", "ferritin low")]).await;
    let kept = house.uploaded(&[file("gone.txt", "deleted")]).await;
    let uri = format!("/api/v1/files/{}", kept[0]["id"].as_str().unwrap());
    assert_eq!(house.app.send_as(Who::Patient(1), TestRequest::delete().uri(&uri)).await.status, 204);
    house.work().await;
    let copy = house.app.get_as(Who::Patient(1), "/api/v1/me/export").await;
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(copy.body.to_vec())).unwrap();
    let mut read = |name: &str| std::io::read_to_string(zip.by_name(name).unwrap()).unwrap();
    let listed: serde_json::Value = serde_json::from_str(&read("files.json")).unwrap();
    assert_eq!((&listed[0]["text"], &listed[1]["content"]), (&json!("ferritin low"), &json!(null)), "{listed}");
    let path = listed[0]["content"].as_str().unwrap();
    assert!(path.starts_with("files/") && path.ends_with("-v1-Blood test.txt"), "{path}");
    assert_eq!(read(path), "ferritin low");

    // What the slice of patients tells when somebody is erased.
    house.app.sql(&format!(
        "INSERT INTO journal.outbox (id, topic, subject, payload, created_at, available_at)
         VALUES (gen_random_uuid(), 'patient.erased', '{0}', '{{\"patient_id\":\"{0}\"}}', '2027-03-08Z', '2027-03-08Z')",
        id('b', 1)
    )).await;
    let (_going, stop) = tokio::sync::watch::channel(false);
    while house.app.application.courier.round(&stop).await.unwrap() > 0 {}
    assert!(house.app.get_as(Who::Patient(1), "/api/v1/files/list").await.list().is_empty());
    assert_eq!(house.app.number("SELECT count(*) FROM files.file WHERE deleted_at IS NOT NULL").await, 2);
    assert_eq!(house.objects().len(), 2, "what the law asks for is kept");
    let left = "SELECT count(*) FROM files.version v JOIN files.file f ON f.id = v.file_id
                 WHERE f.deleted_at = (SELECT max(deleted_at) FROM files.file) AND (text IS NOT NULL OR name_keys <> '{}')";
    assert!(house.app.number(left).await <= 1);
}

#[actix_web::test]
async fn the_sweep_deletes_what_no_row_tells_of_and_tells_of_rows_without_an_object() {
    let house = House::new().await;
    house.uploaded(&[file("a.txt", "kept"), file("b.txt", "lost")]).await;
    let orphan = format!("patients/{}/other/20270301T000000Z_orphan.txt", id('b', 1)).parse().unwrap();
    house.app.application.storage.put_bytes(&orphan, "nobody's").await.unwrap();
    let lost = house.app.texts("SELECT object_key FROM files.version ORDER BY id DESC LIMIT 1").await.remove(0);
    house.app.application.storage.delete(&lost.parse().unwrap()).await.unwrap();
    // Objects bear the time of the machine, which the clock of the tests is not.
    house.app.set_clock("2020-01-01T00:00:00Z");
    house.run("files.sweep").await;
    assert_eq!(house.objects().len(), 2, "what is young may be an upload under way");
    house.app.set_clock("2100-01-01T00:00:00Z");
    house.run("files.sweep").await;
    assert_eq!(house.objects().len(), 1);
    assert_eq!(house.app.number("SELECT count(*) FROM files.version").await, 2, "rows are never swept");
    let said = house.app.texts("SELECT said FROM jobs.run WHERE name = 'files.sweep' ORDER BY started_at").await;
    assert!(said.contains(&"deleted 1, missing 1".to_owned()), "{said:?}");
}
