//! What one can do with webhooks, and what that needs from outside.

mod add_endpoint;
mod change_endpoint;
mod deliver;
mod parts;
mod policy;
mod ports;
mod read_deliveries;
mod read_endpoints;
mod remove_endpoint;
mod replay_delivery;
mod rotate_secret;
mod tell;
mod test_endpoint;

pub use add_endpoint::AddEndpoint;
pub use change_endpoint::ChangeEndpoint;
pub use deliver::{Deliver, Done};
pub use parts::{Asked, Parts, WebhookError};
#[cfg(test)]
pub(crate) use ports::MockDeliveries;
pub use ports::{
    AddError, Begun, Clinics, Deliveries, Due, Ended, Endpoints, Page, Posting, Receivers, Secrets, SendError, Stored,
    Tries,
};
pub use read_deliveries::ReadDeliveries;
pub use read_endpoints::ReadEndpoints;
pub use remove_endpoint::RemoveEndpoint;
pub use replay_delivery::ReplayDelivery;
pub use rotate_secret::RotateSecret;
pub use tell::TellEndpoints;
pub use test_endpoint::TestEndpoint;
