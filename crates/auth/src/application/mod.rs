//! Signing in and out, and what that needs from outside.
