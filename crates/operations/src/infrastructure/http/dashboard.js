"use strict";
(() => {
  const status = document.querySelector("[role=status]");
  const token = () => document.querySelector("meta[name=csrf-token]")?.content ?? "";
  const say = (text) => { status.textContent = text; };
  const problem = async (answer) => {
    const body = await answer.json().catch(() => ({}));
    return body.detail || body.title || `The server answered ${answer.status}.`;
  };

  const post = (path, body, headers) =>
    fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });

  const form = document.querySelector("#sign-in");
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      const { email, password, totp } = Object.fromEntries(new FormData(form));
      const answer = await post("/api/v1/auth/login", { email, password, totp, session: "cookie" });
      if (!answer.ok) return say(await problem(answer));
      const { user } = await answer.json();
      if (user.role !== "admin") return say("This account is not an administrator's.");
      location.reload();
    } catch {
      say("The server cannot be reached.");
    } finally {
      button.disabled = false;
    }
  });
  if (form) return;

  const refresh = async () => {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (answer.status === 401 || answer.status === 403) return location.reload();
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const main = document.querySelector("main");
    // A button keeps the focus: it is found again by what it says and does.
    const held = document.activeElement?.dataset?.post;
    main.replaceChildren(...page.querySelector("main").childNodes);
    if (held) main.querySelector(`[data-post="${CSS.escape(held)}"]`)?.focus();
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-post]");
    if (!button) return;
    button.disabled = true;
    try {
      const headers = { "x-csrf-token": token(), "idempotency-key": crypto.randomUUID() };
      const answer = await post(button.dataset.post, {}, headers);
      say(answer.ok ? `${button.getAttribute("aria-label")}: done.` : await problem(answer));
      await refresh();
    } catch {
      say("The server cannot be reached.");
    } finally {
      button.disabled = false;
    }
  });

  setInterval(() => {
    const reading = document.getSelection()?.type === "Range";
    if (!document.hidden && !reading) refresh().catch(() => say("The server cannot be reached."));
  }, 5000);
})();
