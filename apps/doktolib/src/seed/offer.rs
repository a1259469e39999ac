use jiff::Timestamp;
use uuid::Uuid;

use super::dice::Dice;

/// A visit type of one doctor.
pub(super) struct Offer {
    pub(super) id: Uuid,
    pub(super) name: &'static str,
    pub(super) video: bool,
    pub(super) duration: i16,
    pub(super) grid: i16,
    pub(super) before: i16,
    pub(super) after: i16,
    pub(super) price_cents: i64,
    pub(super) open_to_new_patients: bool,
    pub(super) created_at: Timestamp,
    /// The kind of room or device it takes.
    pub(super) resource_kind: Option<&'static str>,
}

impl Offer {
    pub(super) const fn mode(&self) -> &'static str {
        if self.video { "video" } else { "in_person" }
    }

    fn draw(dice: &mut Dice, name: &'static str, duration: i16, price: i64, percent: i64, at: Timestamp) -> Self {
        Self {
            id: dice.id(at),
            name,
            video: name.starts_with("Video"),
            duration,
            grid: duration,
            before: 0,
            after: 0,
            // In whole dollars, as people set prices.
            price_cents: (price * percent + 50) / 100 * 100,
            open_to_new_patients: true,
            created_at: at,
            resource_kind: None,
        }
    }
}

/// Half an hour with one of the clinic's ultrasounds, a quarter of an hour apart for cleaning.
pub(super) fn ultrasound(dice: &mut Dice, price: i64, at: Timestamp) -> Offer {
    let offer = Offer::draw(dice, "Ultrasound examination", 30, price, 140, at);
    Offer { after: 15, grid: 45, resource_kind: Some("ultrasound"), ..offer }
}

/// The two or three offers of a doctor whose consultation costs `price` dollars. The first one is the default.
pub(super) fn draw(dice: &mut Dice, specialty: &str, price: i64, at: Timestamp) -> Vec<Offer> {
    let long_talks = matches!(specialty, "psychiatry" | "psychology" | "speech-therapy" | "physical-therapy");
    let duration = if long_talks { 45 } else { 30 };
    let follow_up = if dice.chance(50) { 15 } else { 20 };
    let video = if dice.chance(50) { 20 } else { 30 };
    let mut offers = match dice.between(0, 99) {
        0..8 => vec![
            Offer::draw(dice, "Video consultation", 30, price, 100, at),
            Offer::draw(dice, "Video follow-up", follow_up, price, 60, at),
        ],
        8..30 => vec![
            Offer::draw(dice, "Consultation", duration, price, 100, at),
            Offer::draw(dice, "Follow-up", follow_up, price, 60, at),
        ],
        30..40 => vec![
            Offer::draw(dice, "Consultation", duration, price, 100, at),
            Offer::draw(dice, "Extended consultation", 60, price, 160, at),
            Offer::draw(dice, "Follow-up", follow_up, price, 60, at),
        ],
        _ => vec![
            Offer::draw(dice, "Consultation", duration, price, 100, at),
            Offer::draw(dice, "Follow-up", follow_up, price, 60, at),
            Offer::draw(dice, "Video consultation", video, price, 85, at),
        ],
    };
    for offer in &mut offers {
        vary(dice, offer);
    }
    offers
}

/// Some offers need time before or after, some begin at other times than one visit after the other.
fn vary(dice: &mut Dice, offer: &mut Offer) {
    offer.open_to_new_patients = !offer.name.to_lowercase().contains("follow-up");
    if dice.chance(30) {
        offer.after = if dice.chance(50) { 5 } else { 10 };
        offer.before = if dice.chance(25) { 5 } else { 0 };
        // Without it every second slot would be lost to five minutes of tidying up.
        if dice.chance(60) {
            offer.grid = offer.duration + offer.before + offer.after;
        }
    } else if offer.duration == 30 && dice.chance(15) {
        offer.grid = 15;
    }
}
