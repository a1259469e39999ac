/// Makes types of ids, each of one sort of record, so that no two sorts are taken for each other. Those that two slices
/// say are below; a slice makes its own of what nobody else names. Wants the crates `serde` and `uuid` beside it.
#[macro_export]
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        ///
        /// A UUIDv7 (RFC 9562), made by the application, so it sorts by the time it was made.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(::uuid::Uuid);

        impl $name {
            /// Makes a new id.
            #[must_use]
            pub fn mint() -> Self {
                Self(::uuid::Uuid::now_v7())
            }

            /// Takes an id that exists already.
            #[must_use]
            pub const fn from_uuid(id: ::uuid::Uuid) -> Self {
                Self(id)
            }

            /// The bare UUID.
            #[must_use]
            pub const fn as_uuid(self) -> ::uuid::Uuid {
                self.0
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Display::fmt(&self.0, f)
            }
        }

        impl ::core::str::FromStr for $name {
            type Err = ::uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                ::uuid::Uuid::parse_str(text).map(Self)
            }
        }

        impl From<$name> for ::uuid::Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )+};
}

ids! {
    /// An appointment: one visit, kept through all its moves.
    AppointmentId,
    /// A clinic: organisation and place.
    ClinicId,
    /// A doctor's profile.
    DoctorId,
    /// An event in the audit trail and the message about it.
    EventId,
    /// A person who is treated.
    PatientId,
    /// A room or device of a clinic.
    ResourceId,
    /// One sign-in of an account on one device.
    SessionId,
    /// An account that can sign in.
    UserId,
    /// Something one can book with a doctor.
    VisitTypeId,
}
