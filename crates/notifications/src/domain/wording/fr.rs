//! French.

use super::{Part, Wording, say};
use crate::domain::{Duty, Notice, PlannedVisit, Reminded, Timed};

const IGNORE: &str =
    "Si vous n’avez rien demandé, ignorez simplement ce message\u{a0}: sans le code, il ne se passera rien.";
const NOT_YOU: &str =
    "Si ce n’était pas vous, choisissez tout de suite un nouveau mot de passe et vérifiez la liste de vos connexions.";

fn hello(name: Option<&String>) -> String {
    name.map_or_else(|| "Bonjour,".to_owned(), |name| format!("Bonjour {name},"))
}

fn minutes(count: u32) -> String {
    if count == 1 { "1 minute".to_owned() } else { format!("{count} minutes") }
}

fn hours(count: u32) -> String {
    if count == 1 { "1 heure".to_owned() } else { format!("{count} heures") }
}

fn with_code(sentence: &str, timed: &Timed) -> Vec<Part> {
    vec![
        say(sentence),
        Part::Code(timed.code.clone()),
        say(format!(
            "Il ne sert qu’une fois et expire après {}. Ne le donnez à personne\u{a0}: nous ne le demandons jamais, ni par téléphone ni par courriel.",
            minutes(timed.minutes)
        )),
        say(IGNORE),
    ]
}

const IF_NOT: &str = "Toute personne qui a ce lien peut le faire\u{a0}: gardez-le pour vous. Si vous ne pouvez pas venir, merci d’annuler\u{a0}: quelqu’un d’autre sera content de cet horaire.";

fn reminded(visit: &Reminded) -> [Part; 2] {
    let Reminded { doctor, when, clinic, manage_url } = visit;
    [
        Part::Facts(vec![("Avec", doctor.clone()), ("Quand", when.clone()), ("Où", clinic.clone())]),
        Part::Link { label: "Le voir, le déplacer ou l’annuler", url: manage_url.clone() },
    ]
}

pub fn wording(notice: &Notice) -> Wording {
    let (subject, name, parts) = content(notice);
    let closing = ["Doktolib", "Ce message a été envoyé automatiquement. Merci de ne pas y répondre."];
    Wording { subject, greeting: hello(name), parts, closing }
}

fn content(notice: &Notice) -> (&'static str, Option<&String>, Vec<Part>) {
    match notice {
        Notice::SignInCode(timed) => {
            ("Votre code de connexion à Doktolib", None, with_code("Voici votre code de connexion\u{a0}:", timed))
        }
        Notice::RegisterCode(timed, name) => (
            "Confirmez votre adresse pour Doktolib",
            name.as_ref(),
            with_code(
                "Bienvenue\u{a0}! Ce code confirme que cette adresse est la vôtre et termine votre inscription\u{a0}:",
                timed,
            ),
        ),
        Notice::RegisterKnown(timed) => (
            "Vous avez déjà un compte Doktolib",
            None,
            with_code(
                "Quelqu’un, sans doute vous, a voulu s’inscrire avec cette adresse. Elle a déjà un compte. \
                 Ce code vous permet de vous y connecter\u{a0}:",
                timed,
            ),
        ),
        Notice::NoAccount => (
            "Aucun compte Doktolib pour cette adresse",
            None,
            vec![
                say(
                    "Quelqu’un, sans doute vous, a demandé un code de connexion à Doktolib. Aucun compte n’existe pour cette adresse.",
                ),
                say(
                    "Vous avez peut-être utilisé une autre adresse, ou vous pouvez vous inscrire avec celle-ci. Si vous n’avez rien demandé, ignorez ce message.",
                ),
            ],
        ),
        Notice::StaffSignIn => (
            "Comment vous connecter à votre compte Doktolib",
            None,
            vec![
                say(
                    "Quelqu’un, sans doute vous, a demandé un code de connexion. Votre compte s’ouvre avec un mot de passe et une application d’authentification\u{a0}; aucun code n’a donc été envoyé.",
                ),
                say(
                    "Si l’un des deux vous manque, demandez un nouveau mot de passe ou utilisez un code de secours. Si vous n’avez rien demandé, ignorez ce message.",
                ),
            ],
        ),
        Notice::PasswordReset(timed, url) => (
            "Choisissez un nouveau mot de passe Doktolib",
            None,
            vec![
                say("Vous pouvez choisir un nouveau mot de passe ici\u{a0}:"),
                Part::Link { label: "Choisir un nouveau mot de passe", url: url.clone() },
                say("Si la page demande un code, le voici\u{a0}:"),
                Part::Code(timed.code.clone()),
                say(format!(
                    "Il ne sert qu’une fois et expire après {}. Ne le donnez à personne.",
                    minutes(timed.minutes)
                )),
                say("Si vous n’avez rien demandé, ignorez ce message\u{a0}: votre mot de passe ne change pas."),
            ],
        ),
        Notice::PasswordChanged => (
            "Votre mot de passe Doktolib a été changé",
            None,
            vec![
                say(
                    "Le mot de passe de votre compte vient d’être changé. Toutes les autres connexions ont été fermées.",
                ),
                say(NOT_YOU),
            ],
        ),
        Notice::EmailChangeCode(timed) => (
            "Confirmez votre nouvelle adresse pour Doktolib",
            None,
            with_code("Ce code confirme que cette adresse est la nouvelle adresse de votre compte\u{a0}:", timed),
        ),
        Notice::EmailChanged => (
            "L’adresse de votre compte Doktolib a été changée",
            None,
            vec![
                say("Votre compte a maintenant une autre adresse électronique. Nos messages y arriveront désormais."),
                say("Si ce n’était pas vous, contactez tout de suite votre cabinet ou l’exploitant de ce site."),
            ],
        ),
        Notice::SignInsEnded => (
            "Vous avez été déconnecté de Doktolib partout",
            None,
            vec![
                say(
                    "Une connexion à votre compte a été utilisée à deux endroits à la fois, ce qui peut vouloir dire qu’elle a été copiée. Par prudence, nous l’avons fermée. Veuillez vous reconnecter.",
                ),
                say(
                    "Si vous remarquez quelque chose que vous n’avez pas fait, choisissez un nouveau mot de passe et vérifiez la liste de vos connexions.",
                ),
            ],
        ),
        Notice::AccountLocked => (
            "Trop d’échecs de connexion à votre compte Doktolib",
            None,
            vec![
                say(
                    "Il y a eu trop de tentatives de connexion sans succès\u{a0}; votre compte est bloqué pour un moment. Il se débloquera tout seul.",
                ),
                say(
                    "Si ces tentatives n’étaient pas de vous, quelqu’un cherche peut-être à deviner votre mot de passe. Un nouveau, plus long, vous protège.",
                ),
            ],
        ),
        Notice::Invitation { name, role, code, url, hours: count } => {
            let role = match role {
                Duty::Doctor => "médecin",
                Duty::Staff => "membre de l’équipe",
                Duty::Admin => "administrateur",
            };
            (
                "Vous êtes invité à rejoindre Doktolib",
                name.as_ref(),
                vec![
                    say(format!(
                        "Un compte a été créé pour vous en tant que {role}. Pour commencer, choisissez votre mot de passe\u{a0}:"
                    )),
                    Part::Link { label: "Choisir votre mot de passe", url: url.clone() },
                    say("Si la page demande un code, le voici\u{a0}:"),
                    Part::Code(code.clone()),
                    say(format!("Il ne sert qu’une fois et expire après {}. Ne le donnez à personne.", hours(*count))),
                    say("Si vous ne savez pas de quoi il s’agit, ignorez ce message."),
                ],
            )
        }
        Notice::GuestBookingCode { name, code, doctor, when } => (
            "Confirmez votre rendez-vous",
            name.as_ref(),
            vec![
                say("Vous souhaitez prendre ce rendez-vous\u{a0}:"),
                Part::Facts(vec![("Avec", doctor.clone()), ("Quand", when.clone())]),
                say(
                    "Ce code confirme que cette adresse est la vôtre et réserve le rendez-vous, si l’heure est encore libre\u{a0}:",
                ),
                Part::Code(code.code.clone()),
                say(format!("Il ne sert qu’une fois et expire après {}.", minutes(code.minutes))),
                say(IGNORE),
            ],
        ),
        Notice::BookingConfirmed { name, doctor, when, clinic, manage_url } => (
            "Votre rendez-vous est confirmé",
            name.as_ref(),
            vec![
                say("Votre rendez-vous est confirmé\u{a0}:"),
                Part::Facts(vec![("Avec", doctor.clone()), ("Quand", when.clone()), ("Où", clinic.clone())]),
                Part::Link { label: "Le voir, le déplacer ou l’annuler", url: manage_url.clone() },
                say(
                    "Toute personne qui a ce lien peut le faire\u{a0}: gardez-le pour vous. Si vous ne pouvez pas venir, merci d’annuler\u{a0}: quelqu’un d’autre sera content de l’heure libérée.",
                ),
            ],
        ),
        Notice::BookingChanged { name, doctor, when, was, clinic, manage_url } => (
            "Votre rendez-vous a été déplacé",
            name.as_ref(),
            vec![
                say("Votre rendez-vous a lieu à un autre moment\u{a0}:"),
                Part::Facts(vec![
                    ("Avec", doctor.clone()),
                    ("Quand", when.clone()),
                    ("Auparavant", was.clone()),
                    ("Où", clinic.clone()),
                ]),
                Part::Link { label: "Le voir, le déplacer ou l’annuler", url: manage_url.clone() },
                say("Si le nouvel horaire ne vous convient pas, choisissez-en un autre ou annulez."),
            ],
        ),
        Notice::BookingCancelled { name, doctor, when, clinic } => (
            "Votre rendez-vous a été annulé",
            name.as_ref(),
            vec![
                say("Ce rendez-vous n’aura pas lieu\u{a0}:"),
                Part::Facts(vec![("Avec", doctor.clone()), ("Quand", when.clone()), ("Où", clinic.clone())]),
                say(
                    "S’il vous en faut un autre, vous pouvez réserver un nouvel horaire. Pour toute question, adressez-vous au cabinet.",
                ),
            ],
        ),
        Notice::SeriesConfirmed { name, doctor, clinic, dates } => (
            "Vos rendez-vous sont réservés",
            name.as_ref(),
            vec![
                say("Ces rendez-vous sont réservés :"),
                Part::Facts(vec![("Avec", doctor.clone()), ("Où", clinic.clone())]),
                Part::List(dates.iter().map(|(date, url)| (date.clone(), Some(url.clone()))).collect()),
                say(
                    "Chaque ligne mène à son rendez-vous : vous pouvez l’y déplacer ou l’annuler. Quiconque possède un tel lien peut le faire, gardez donc cette lettre pour vous. Le fichier joint les inscrit tous dans votre agenda.",
                ),
            ],
        ),
        Notice::SeriesCancelled { name, doctor, clinic, dates } => (
            "Plusieurs rendez-vous ont été annulés",
            name.as_ref(),
            vec![
                say("Ces rendez-vous n’auront pas lieu :"),
                Part::Facts(vec![("Avec", doctor.clone()), ("Où", clinic.clone())]),
                Part::List(dates.iter().map(|date| (date.clone(), None)).collect()),
                say(
                    "S’il vous les faut encore, vous pouvez réserver d’autres horaires. Pour toute question, adressez-vous au cabinet.",
                ),
            ],
        ),
        Notice::Reminder { name, visit } => {
            let mut parts = vec![say("Nous vous rappelons votre rendez-vous\u{a0}:")];
            parts.extend(reminded(visit));
            parts.push(say(IF_NOT));
            ("Votre rendez-vous approche", name.as_ref(), parts)
        }
        Notice::ReminderSeveral { name, visits } => {
            let mut parts =
                vec![say(format!("Nous vous rappelons vos {} rendez-vous d’un même jour\u{a0}:", visits.len()))];
            parts.extend(visits.iter().flat_map(reminded));
            parts.push(say(IF_NOT));
            ("Vos rendez-vous d’un même jour approchent", name.as_ref(), parts)
        }
        Notice::DaySummary { name, day, visits } => {
            let head = match visits.len() {
                1 => format!("Vous avez un rendez-vous le {day} :"),
                many => format!("Vous avez {many} rendez-vous le {day} :"),
            };
            let line = |visit: &PlannedVisit| {
                let video = if visit.video { ", en vidéo" } else { "" };
                (format!("{} · {}{video}", visit.time, visit.clinic), None)
            };
            let list = Part::List(visits.iter().map(line).collect());
            (
                "Vos rendez-vous du jour",
                name.as_ref(),
                vec![
                    say(head),
                    list,
                    say("Les patients ne figurent pas dans un e-mail. Vous les voyez dans votre agenda."),
                ],
            )
        }
        Notice::WaitlistOffer { name, doctor, when, clinic, until, url } => (
            "Un rendez-vous que vous attendez est libre",
            name.as_ref(),
            vec![
                say("Un rendez-vous que vous attendez s’est libéré. Il est gardé pour vous\u{a0}:"),
                Part::Facts(vec![
                    ("Avec", doctor.clone()),
                    ("Quand", when.clone()),
                    ("Où", clinic.clone()),
                    ("Gardé jusqu’au", until.clone()),
                ]),
                Part::Link { label: "Le prendre ou le rendre", url: url.clone() },
                say(
                    "Toute personne qui a ce lien peut le faire\u{a0}: gardez-le pour vous. S’il ne vous convient pas, merci de le rendre\u{a0}: la personne suivante sera contactée et vous gardez votre place. Sans réponse à temps, il passe aussi à la personne suivante.",
                ),
            ],
        ),
        Notice::EmergencyAccess { doctor, until } => (
            "Accès d’urgence au dossier d’un patient",
            None,
            vec![
                say("Un médecin a ouvert un dossier de votre établissement par un accès d’urgence\u{a0}:"),
                Part::Facts(vec![("Par", doctor.clone()), ("Prend fin", until.clone())]),
                say(
                    "Le patient et le motif figurent dans la liste des accès, pour les personnes autorisées. Veuillez la consulter et demander des précisions si cet accès ne vous paraît pas clair.",
                ),
            ],
        ),
        Notice::ReportReady { doctor, from, to, url } => (
            "Un rapport est prêt",
            None,
            vec![
                say("Le rapport que vous avez demandé est prêt :"),
                Part::Facts(vec![("Sur", doctor.clone()), ("Période", format!("{from} au {to}"))]),
                say("Connectez-vous pour le télécharger. Il est conservé pendant 90 jours."),
                Part::Link { label: "Le télécharger", url: url.clone() },
            ],
        ),
        Notice::ClinicMessage { name, clinic, message } => (
            "Un message de votre cabinet",
            name.as_ref(),
            [say(format!("{clinic} vous écrit :"))]
                .into_iter()
                .chain(message.lines().filter(|line| !line.is_empty()).map(say))
                .chain([say(
                    "Pour répondre, appelez le cabinet ou passez le voir : personne ne lit les réponses à ce message.",
                )])
                .collect(),
        ),
        Notice::PrescriptionReady { doctor, url } => (
            "Une ordonnance est prête",
            None,
            vec![
                say("Une ordonnance est disponible pour vous ou pour une personne dont vous vous occupez\u{a0}:"),
                Part::Facts(vec![("De", doctor.clone())]),
                say(
                    "Connectez-vous pour la lire et l’imprimer. Si vous avez imprimé une version antérieure, seule la nouvelle est valable.",
                ),
                Part::Link { label: "L’ouvrir", url: url.clone() },
            ],
        ),
        Notice::AccountErased => (
            "Votre compte Doktolib a été effacé",
            None,
            vec![
                say(
                    "Votre compte et vos données personnelles ont été effacés, comme vous l’avez demandé. Ce que la loi nous oblige à garder ne porte plus votre nom et disparaîtra à l’échéance.",
                ),
                say("C’est notre dernier message. Nous vous souhaitons une bonne continuation."),
            ],
        ),
    }
}
