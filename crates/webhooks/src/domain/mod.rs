//! What is told to whom, how often it is tried, and when nobody is tried any more.

mod delivery;
mod endpoint;
mod endpoint_event;
mod event_type;
mod happening;
mod verdict;

pub use delivery::{Delivery, DeliveryId, DeliveryState, Try};
pub use endpoint::{
    Change, Disabled, Endpoint, EndpointDraft, EndpointId, MOST_ENDPOINTS, OVERLAP, Secret, SigningKeys, Standing,
    Switch,
};
pub use endpoint_event::{EndpointEvent, EndpointFact};
pub use event_type::{EventType, NotWanted, Wanted};
pub use happening::{Data, Happening, Message, VisitData};
pub use verdict::{LONGEST_PAUSE, MOST_FAILING, Outcome, TRIES, Tried, Trouble, Verdict, disables, verdict};
