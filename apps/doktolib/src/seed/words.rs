use super::dice::Dice;

/// The lists that names and sentences are made of.
pub(super) struct Words {
    first_names: Vec<&'static str>,
    last_names: Vec<&'static str>,
    pub(super) streets: Vec<&'static str>,
}

impl Words {
    pub(super) fn new() -> Self {
        Self {
            first_names: include_str!("words/first_names.txt").lines().collect(),
            last_names: include_str!("words/last_names.txt").lines().collect(),
            streets: include_str!("words/streets.txt").lines().collect(),
        }
    }

    /// First and last name.
    pub(super) fn person(&self, dice: &mut Dice) -> (&'static str, &'static str) {
        (self.first_names[dice.index(self.first_names.len())], self.last_names[dice.index(self.last_names.len())])
    }
}

/// The name of a clinic.
pub(super) fn clinic(dice: &mut Dice) -> String {
    format!("{} {}", dice.pick(&PLACES), dice.pick(&HOUSES))
}

/// Three sentences: the work, the manner, the person.
pub(super) fn bio(dice: &mut Dice, last: &str, specialty: &str, city: &str, years: i64) -> String {
    let years = if years == 1 { "one year".to_owned() } else { format!("{years} years") };
    [dice.pick(&WORK), dice.pick(&MANNER), dice.pick(&PERSON)]
        .join(" ")
        .replace("{last}", last)
        .replace("{specialty}", &specialty.to_lowercase())
        .replace("{city}", city)
        .replace("{years}", &years)
}

/// One to three BCP 47 codes, almost always with English.
pub(super) fn languages(dice: &mut Dice) -> Vec<&'static str> {
    let mut spoken = if dice.chance(97) { vec!["en"] } else { Vec::new() };
    let more = match dice.between(0, 99) {
        0..45 => 0,
        45..85 => 1,
        _ => 2,
    };
    for _ in 0..more.max(usize::from(spoken.is_empty())) {
        let other = dice.pick(&LANGUAGES);
        if !spoken.contains(&other) {
            spoken.push(other);
        }
    }
    spoken
}

/// Why somebody comes, as a guest might write it into the form; nothing that points to an illness.
pub(super) const NOTES: [&str; 10] = [
    "First visit.",
    "I would like to talk about my results.",
    "Please call if an earlier time becomes free.",
    "I need a ramp or an elevator.",
    "I will bring my earlier records.",
    "An interpreter comes with me.",
    "Annual check-up.",
    "I may be five minutes late, my bus is not always on time.",
    "A form for my employer has to be filled in.",
    "My partner will join us.",
];

/// Why a visit was called off.
pub(super) const CANCEL_REASONS: [&str; 7] = [
    "Cannot make it on that day.",
    "Feeling better.",
    "Found an earlier time.",
    "Childcare fell through.",
    "The doctor is away that day.",
    "Travelling.",
    "Booked twice by mistake.",
];

// The more common a second language is, the more often it stands here.
const LANGUAGES: [&str; 26] = [
    "es", "es", "es", "es", "es", "es", "fr", "fr", "zh", "zh", "vi", "tl", "ar", "ko", "ru", "de", "hi", "pt", "it",
    "pl", "ur", "fa", "ja", "bn", "ht", "uk",
];

const PLACES: [&str; 40] = [
    "Alder",
    "Beacon",
    "Birchwood",
    "Bluebird",
    "Bridgeview",
    "Brookside",
    "Cedar",
    "Clearwater",
    "Cornerstone",
    "Cottonwood",
    "Eastgate",
    "Evergreen",
    "Fairview",
    "Fernwood",
    "Foxglove",
    "Greenfield",
    "Harbor",
    "Hawthorn",
    "Heron",
    "Highland",
    "Hillside",
    "Juniper",
    "Kingfisher",
    "Lakeshore",
    "Lantern",
    "Laurel",
    "Linden",
    "Lighthouse",
    "Magnolia",
    "Meadow",
    "Northside",
    "Orchard",
    "Prairie",
    "Redwood",
    "Riverbend",
    "Sagebrush",
    "Silver Lake",
    "Stonebridge",
    "Sunrise",
    "Willow",
];

const HOUSES: [&str; 10] = [
    "Care Center",
    "Clinic",
    "Community Clinic",
    "Doctors",
    "Family Practice",
    "Health Center",
    "Health Partners",
    "Medical Center",
    "Medical Group",
    "Specialists",
];

const WORK: [&str; 10] = [
    "Dr. {last} has worked in {specialty} for {years} and sees patients from all over {city}.",
    "With {years} in {specialty}, Dr. {last} looks after people in {city} and the towns around it.",
    "Dr. {last} came to {city} to practice {specialty} and brings {years} of experience.",
    "For {years}, {specialty} has been the daily work of Dr. {last}.",
    "Dr. {last} trained in {specialty} at a teaching hospital and has practiced for {years} since.",
    "In {city}, Dr. {last} offers {specialty} to new and long-standing patients alike; {years} in the field.",
    "Dr. {last} leads the {specialty} consultations of our house in {city} and has {years} of practice.",
    "After {years} of {specialty} in and around {city}, Dr. {last} knows the field and its people well.",
    "Dr. {last} divides the week between {specialty} and teaching, after {years} at the bedside.",
    "Our colleague Dr. {last} has {years} of experience in {specialty}, both in hospital and in private practice.",
];

const MANNER: [&str; 12] = [
    "Visits start on time and leave room for questions.",
    "You will hear the options in plain words before anything is decided.",
    "A second opinion is always welcome here.",
    "Expect a calm conversation first and tests only where they help.",
    "Results are explained on the day they arrive.",
    "Prevention comes before prescriptions wherever that is possible.",
    "Treatment plans are written down and shared with you.",
    "Children and anxious adults get all the time they need.",
    "Family members are welcome to join the visit.",
    "Follow-ups are kept short, and on video when that suits you better.",
    "Every plan begins with what matters to you in daily life.",
    "The practice works closely with other specialists nearby.",
];

const PERSON: [&str; 14] = [
    "Away from work, Dr. {last} bakes sourdough and gives most of it away.",
    "Weekends belong to hiking trails and an old camera.",
    "Dr. {last} sings in a choir in {city}.",
    "On free days you may meet Dr. {last} at the farmers' market.",
    "Dr. {last} volunteers at a free clinic once a month.",
    "A keen cyclist, Dr. {last} comes to work by bike in any weather.",
    "Dr. {last} coaches a youth soccer team.",
    "Evenings are for chess, badly played.",
    "Dr. {last} grows tomatoes on a very small balcony.",
    "Two rescue dogs make sure that Dr. {last} gets enough exercise.",
    "Dr. {last} is learning the cello, to the regret of the neighbors.",
    "In the summer Dr. {last} teaches first aid to lifeguards.",
    "Dr. {last} reads detective novels and never guesses the end.",
    "Whenever the sky is clear, Dr. {last} takes out the telescope.",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_long_and_nothing_stands_twice_in_one() {
        let words = Words::new();
        for (list, least) in [(&words.first_names, 200), (&words.last_names, 300), (&words.streets, 80)] {
            let different: std::collections::HashSet<_> = list.iter().collect();
            assert_eq!(different.len(), list.len());
            assert!(list.len() >= least && list.iter().all(|word| !word.is_empty() && word.trim() == *word));
        }
    }

    #[test]
    fn no_bio_shows_a_placeholder() {
        let mut dice = Dice::new(3, 3);
        for years in 1..200 {
            let bio = bio(&mut dice, "Vega", "Sleep Medicine", "Boise", years);
            assert!(!bio.contains(['{', '}']) && bio.contains("Vega"), "{bio}");
        }
    }
}
