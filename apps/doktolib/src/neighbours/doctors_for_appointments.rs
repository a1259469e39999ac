use std::collections::HashMap;
use std::sync::Arc;

use appointments::application::{
    Ask, CalendarMark, Called, ClinicClock, ClinicHours, DeskAgenda, DoctorAgenda, DoctorHours, FreeSlot, GapAsked,
    GapIn, Names, NoOffer, OpenDay, OpenTime, OpenTimes, Practices, RequestedStart, TimesAsked,
};
use appointments::domain::{Offer, Resource, VisitMode};
use appointments::infrastructure::CalendarWatch;
use async_trait::async_trait;
use diesel::result::Error as DieselError;
use diesel_async::AsyncPgConnection;
use doctors::application::{
    Agendas, DeskTimes, FreeSlots, GapQuestion, ListSlotsOfMany, NextFreeSlots, OfferError, OfferQuestion, OfferSlot,
    Offered, SlotsError, SlotsQuery,
};
use doctors::domain::{Reach, Refusal, Slot};
use doctors::infrastructure::{
    Soonest, change_cutoff_of, clinics_of, clinics_of_any, clock_of_clinic, doctors_of, doctors_of_clinic, marks,
    names_of_clinics, names_of_doctors, places_of_clinics,
};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kernel::{ClinicId, DoctorId, Interval, PortFailure, ResourceId, VisitTypeId};
use platform::pg::{self, PgPool};

mod series;

pub use series::SeriesForAppointments;

/// Doctors' hours decide what can be booked.
pub struct DoctorsForAppointments {
    pub(crate) offer: OfferSlot,
    pub(crate) next_free: NextFreeSlots,
    pub(crate) desk: DeskTimes,
}

#[async_trait]
impl DoctorAgenda for DoctorsForAppointments {
    async fn offer(&self, ask: &Ask, now: Timestamp) -> Result<Result<Offer, NoOffer>, PortFailure> {
        match self.offer.run(in_their_words(ask), now).await {
            Ok(offered) => Ok(Ok(in_our_words(ask.doctor, offered))),
            Err(error) => no_offer(error).map(Err),
        }
    }

    async fn next_free(
        &self,
        doctor: DoctorId,
        visit_type: VisitTypeId,
        after: Timestamp,
        count: usize,
        now: Timestamp,
    ) -> Result<Vec<FreeSlot>, PortFailure> {
        let found = self.next_free.run(doctor, visit_type, after, count, now).await?;
        Ok(found.into_iter().map(free_slot).collect())
    }

    async fn resources(
        &self,
        doctor: DoctorId,
        visit_type: VisitTypeId,
        clinic: ClinicId,
    ) -> Result<Vec<Resource>, PortFailure> {
        let Some(rules) = self.offer.agendas.rules(doctor).await? else { return Ok(Vec::new()) };
        let Some(visit_type) = rules.visit_type(visit_type) else { return Ok(Vec::new()) };
        Ok(rules.resources_at(visit_type, clinic).cloned().map(resource_in_our_words).collect())
    }
}

#[async_trait]
impl DeskAgenda for DoctorsForAppointments {
    async fn any_time(
        &self,
        ask: &Ask,
        clinic: Option<ClinicId>,
        now: Timestamp,
    ) -> Result<Result<Offer, NoOffer>, PortFailure> {
        match self.desk.any_time(in_their_words(ask), clinic, now).await {
            Ok(offered) => Ok(Ok(in_our_words(ask.doctor, offered))),
            Err(error) => no_offer(error).map(Err),
        }
    }

    async fn gap(&self, asked: &GapAsked, now: Timestamp) -> Result<Result<Option<Offer>, NoOffer>, PortFailure> {
        let GapAsked { doctor, visit_type, clinic, within } = *asked;
        let reach = match within {
            GapIn::Hours => Reach::OpenHours,
            GapIn::Today => Reach::Today,
        };
        match self.desk.gap(GapQuestion { doctor, visit_type, clinic, reach }, now).await {
            Ok(found) => Ok(Ok(found.map(|offered| in_our_words(doctor, offered)))),
            Err(error) => no_offer(error).map(Err),
        }
    }
}

fn in_their_words(ask: &Ask) -> OfferQuestion {
    OfferQuestion {
        doctor: ask.doctor,
        visit_type: ask.visit_type,
        start: match ask.start {
            RequestedStart::Instant(at) => doctors::application::RequestedStart::Instant(at),
            RequestedStart::Local(reading) => doctors::application::RequestedStart::Local(reading),
        },
        duration_minutes: ask.duration_minutes,
    }
}

fn resource_in_our_words(resource: doctors::domain::Resource) -> Resource {
    Resource { id: resource.id, name: resource.name }
}

fn free_slot((slot, zone): (Slot, TimeZone)) -> FreeSlot {
    FreeSlot {
        starts_at: slot.starts_at,
        ends_at: slot.ends_at,
        visit_type: slot.visit_type,
        clinic: slot.clinic,
        time_zone: zone.iana_name().unwrap_or("UTC").to_owned(),
    }
}

fn in_our_words(doctor: DoctorId, offered: Offered) -> Offer {
    Offer {
        doctor,
        clinic: offered.slot.clinic,
        visit_type: offered.visit_type.id,
        mode: match offered.visit_type.mode {
            doctors::domain::VisitMode::InPerson => VisitMode::InPerson,
            doctors::domain::VisitMode::Video => VisitMode::Video,
        },
        price: offered.visit_type.price,
        visit: offered.slot.interval(),
        blocked: offered.blocked,
        time_zone: offered.time_zone.iana_name().unwrap_or("UTC").to_owned(),
        open_to_new_patients: offered.visit_type.open_to_new_patients,
        edition: offered.edition,
        resources: offered.resources.into_iter().map(resource_in_our_words).collect(),
        outside_hours: None,
    }
}

fn no_offer(error: OfferError) -> Result<NoOffer, PortFailure> {
    Ok(match error {
        OfferError::UnknownDoctor | OfferError::Refused(Refusal::Inactive) => NoOffer::UnknownDoctor,
        OfferError::UnknownVisitType => NoOffer::UnknownVisitType,
        OfferError::UnknownDuration => NoOffer::UnknownDuration,
        OfferError::NonexistentLocalTime => NoOffer::NonexistentLocalTime,
        OfferError::AmbiguousLocalTime => NoOffer::AmbiguousLocalTime,
        OfferError::Refused(Refusal::InThePast) => NoOffer::InThePast,
        OfferError::Refused(Refusal::TooSoon { minimum_notice_minutes }) => NoOffer::TooSoon { minimum_notice_minutes },
        OfferError::Refused(Refusal::TooFarAhead { horizon_days }) => NoOffer::TooFarAhead { horizon_days },
        OfferError::Refused(
            refusal @ (Refusal::OutsideHours
            | Refusal::Closed
            | Refusal::OutsideDayHours
            | Refusal::NotThisVisitType
            | Refusal::Break
            | Refusal::Holiday
            | Refusal::OffTheGrid
            | Refusal::TimeOff
            | Refusal::NoResource),
        ) => NoOffer::Outside { rule: refusal.rule() },
        OfferError::Failed(failure) => return Err(failure),
    })
}

/// What is booked or freed may move a doctor's first free time, in the same transaction.
pub struct SoonestForAppointments {
    pub(crate) soonest: Soonest,
}

#[async_trait]
impl CalendarWatch for SoonestForAppointments {
    async fn changed(
        &self,
        conn: &mut AsyncPgConnection,
        doctor: DoctorId,
        changed: &[Interval],
        now: Timestamp,
    ) -> Result<(), DieselError> {
        self.soonest.calendar_changed(conn, doctor, changed, now).await.map(|_| ())
    }

    async fn claimed(
        &self,
        conn: &mut AsyncPgConnection,
        doctor: DoctorId,
        changed: &[Interval],
        now: Timestamp,
    ) -> Result<Option<i64>, DieselError> {
        self.soonest.calendar_changed(conn, doctor, changed, now).await.map(Some)
    }

    async fn rooms_changed(
        &self,
        conn: &mut AsyncPgConnection,
        doctors: &[DoctorId],
        changed: &[(ResourceId, Interval)],
    ) -> Result<(), DieselError> {
        self.soonest.resources_changed(conn, doctors, changed).await
    }
}

/// The catalogue knows what doctors and clinics are called, and where doctors work.
pub struct PracticesForAppointments {
    pub(crate) pool: PgPool,
}

#[async_trait]
impl Practices for PracticesForAppointments {
    async fn names(&self, doctor: DoctorId, clinic: ClinicId) -> Result<Option<Names>, PortFailure> {
        let (doctors, clinics) = ([doctor.as_uuid()], [clinic.as_uuid()]);
        let (mut doctors, mut clinics) = pg::read(&self.pool, "read names", async |conn| {
            futures_util::try_join!(names_of_doctors(conn, &doctors), places_of_clinics(conn, &clinics))
        })
        .await?;
        Ok(doctors.pop().zip(clinics.pop()).map(|((_, doctor), (_, clinic, address))| Names {
            doctor,
            clinic,
            address,
        }))
    }

    async fn called(&self, doctors: &[DoctorId], clinics: &[ClinicId]) -> Result<Called, PortFailure> {
        let doctors: Vec<_> = doctors.iter().map(|id| id.as_uuid()).collect();
        let clinics: Vec<_> = clinics.iter().map(|id| id.as_uuid()).collect();
        let (doctors, clinics) = pg::read(&self.pool, "read names", async |conn| {
            futures_util::try_join!(names_of_doctors(conn, &doctors), names_of_clinics(conn, &clinics))
        })
        .await?;
        Ok(Called {
            doctors: doctors.into_iter().map(|(id, name)| (DoctorId::from_uuid(id), name)).collect(),
            clinics: clinics.into_iter().map(|(id, name)| (ClinicId::from_uuid(id), name)).collect(),
        })
    }

    async fn clinics_of(&self, doctor: DoctorId) -> Result<Vec<ClinicId>, PortFailure> {
        let found =
            pg::read(&self.pool, "read a doctor's clinics", async |conn| clinics_of(conn, doctor.as_uuid()).await);
        Ok(found.await?.into_iter().map(ClinicId::from_uuid).collect())
    }

    async fn clinics_of_any(&self, doctors: &[DoctorId]) -> Result<Vec<ClinicId>, PortFailure> {
        let doctors: Vec<_> = doctors.iter().map(|id| id.as_uuid()).collect();
        let found = pg::read(&self.pool, "read doctors' clinics", async |conn| clinics_of_any(conn, &doctors).await);
        Ok(found.await?.into_iter().map(ClinicId::from_uuid).collect())
    }

    async fn change_cutoff(&self, doctor: DoctorId) -> Result<SignedDuration, PortFailure> {
        let found = pg::read(&self.pool, "read when patients are bound", async |conn| {
            change_cutoff_of(conn, doctor.as_uuid()).await
        });
        Ok(SignedDuration::from_hours(found.await?.unwrap_or_default().into()))
    }
}

/// The hours of a clinic's doctors stand over the columns of its calendar.
pub struct HoursForAppointments {
    pub(crate) pool: PgPool,
    pub(crate) agendas: Arc<dyn Agendas>,
}

#[async_trait]
impl ClinicHours for HoursForAppointments {
    async fn clock(&self, clinic: ClinicId) -> Result<Option<ClinicClock>, PortFailure> {
        let found = pg::read(&self.pool, "read a clinic", async |conn| clock_of_clinic(conn, clinic.as_uuid()).await);
        Ok(found.await?.map(|(name, time_zone)| ClinicClock { name, time_zone }))
    }

    async fn of(&self, clinic: ClinicId, dates: &[Date]) -> Result<Vec<DoctorHours>, PortFailure> {
        let listed = pg::read(&self.pool, "read a clinic's doctors", async |conn| {
            doctors_of_clinic(conn, clinic.as_uuid()).await
        })
        .await?;
        let ids: Vec<DoctorId> = listed.iter().map(|(id, _)| DoctorId::from_uuid(*id)).collect();
        let rules = self.agendas.rules_of_many(&ids).await?;
        let columns = listed.into_iter().map(|(id, name)| {
            let doctor = DoctorId::from_uuid(id);
            let own = rules.iter().find(|rules| rules.doctor == doctor);
            let open = |date: &Date| own.map(|rules| rules.open_hours(clinic, *date)).unwrap_or_default();
            DoctorHours {
                doctor,
                name,
                days: dates.iter().map(|date| OpenDay { date: *date, open: open(date) }).collect(),
            }
        });
        Ok(columns.collect())
    }
}

/// The doctors of one place whom somebody in line may be served by.
const MOST_THERE: i64 = 50;

/// What is really free, for those who wait for it.
pub struct FreeTimesForAppointments {
    pub(crate) pool: PgPool,
    pub(crate) list: ListSlotsOfMany,
}

#[async_trait]
impl OpenTimes for FreeTimesForAppointments {
    async fn doctors_of(&self, places: &[(String, String)]) -> Result<Vec<Vec<DoctorId>>, PortFailure> {
        let found = pg::read(&self.pool, "read who works where", async |conn| {
            let there = places.iter().map(|(specialty, city)| doctors_of(conn, specialty, city, MOST_THERE));
            futures_util::future::try_join_all(there).await
        })
        .await?;
        Ok(found.into_iter().map(|ids| ids.into_iter().map(DoctorId::from_uuid).collect()).collect())
    }

    async fn marks(&self, doctors: &[DoctorId]) -> Result<HashMap<DoctorId, CalendarMark>, PortFailure> {
        marks(&self.pool, doctors).await
    }

    async fn free(&self, asked: &[TimesAsked]) -> Result<Vec<Vec<OpenTime>>, PortFailure> {
        let queries: Vec<SlotsQuery> = asked
            .iter()
            .map(|asked| SlotsQuery {
                doctor: asked.doctor,
                visit_type: asked.visit_type,
                from: Some(asked.from),
                to: Some(asked.to),
            })
            .collect();
        let answers = self.list.run(&queries).await?;
        let times = asked.iter().zip(answers).map(|(asked, answer)| match answer {
            Ok(free) => Ok(open_times(asked.doctor, &free)),
            Err(SlotsError::Failed(failure)) => Err(failure),
            Err(
                SlotsError::UnknownDoctor
                | SlotsError::UnknownVisitType
                | SlotsError::EndsBeforeItBegins
                | SlotsError::TooLong,
            ) => Ok(Vec::new()),
        });
        times.collect()
    }
}

fn open_times(doctor: DoctorId, free: &FreeSlots) -> Vec<OpenTime> {
    let times = free.slots.iter().filter_map(|slot| {
        let zone = free.zones.get(&slot.clinic)?;
        Some(OpenTime {
            doctor,
            visit_type: slot.visit_type,
            clinic: slot.clinic,
            starts_at: slot.starts_at,
            ends_at: slot.ends_at,
            time_zone: zone.iana_name().unwrap_or("UTC").to_owned(),
            book_by: slot.starts_at.checked_sub(free.notice).ok()?,
        })
    });
    times.collect()
}
