DROP INDEX auth.refresh_token_expires_at;
