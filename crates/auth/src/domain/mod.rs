//! Users, what they prove themselves with, and their sessions.
