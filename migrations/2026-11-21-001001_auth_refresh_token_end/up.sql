-- The worker forgets tokens that are over, the oldest first.
CREATE INDEX refresh_token_expires_at ON auth.refresh_token (expires_at);
