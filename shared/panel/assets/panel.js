// Keeps an open page fresh: relative times, counters, lights. Pages are complete without it.
"use strict";
(() => {
  const language = document.documentElement.lang || "en";
  const words = new Intl.RelativeTimeFormat(language, { numeric: "always" });
  const now = new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(0, "second");

  const relative = (seconds) => {
    const size = Math.abs(seconds);
    if (size < 10) return now;
    if (size < 60) return words.format(Math.trunc(seconds), "second");
    if (size < 3600) return words.format(Math.trunc(seconds / 60), "minute");
    if (size < 86400) return words.format(Math.trunc(seconds / 3600), "hour");
    return words.format(Math.trunc(seconds / 86400), "day");
  };

  const write = (element, text) => {
    if (element && element.textContent !== text) element.textContent = text;
  };

  // The server says what time it is, so that a browser whose clock is wrong tells no nonsense.
  const ahead = Date.now() - Date.parse(document.body.dataset.now);
  const tell = () => {
    for (const time of document.querySelectorAll("time[data-relative]")) {
      const at = Date.parse(time.dateTime);
      if (!Number.isNaN(at)) write(time, relative((at - Date.now() + ahead) / 1000));
    }
  };

  const shine = (box, colour, text) => {
    const light = box.querySelector("[data-light]");
    if (!light) return;
    light.className = "light " + colour;
    write(light.querySelector("[data-light-text]"), text);
  };

  const apply = (live) => {
    for (const flow of live.flows) {
      for (const box of document.querySelectorAll("[data-flow]")) {
        if (box.dataset.flow !== flow.id) continue;
        shine(box, flow.colour, flow.light);
        for (const count of box.querySelectorAll("[data-today]")) {
          const text = flow.today[count.dataset.today];
          if (text === undefined) continue;
          write(count, text);
          count.parentElement.classList.toggle("none", text === "0");
        }
        for (const [name, at] of [["last", flow.lastRun], ["next", flow.nextRun]]) {
          const time = box.querySelector("[data-" + name + "] time");
          if (time && at) time.dateTime = at;
        }
      }
    }
    for (const connection of live.connections) {
      for (const box of document.querySelectorAll("[data-connection]")) {
        if (box.dataset.connection === connection.id) shine(box, connection.colour, connection.light);
      }
    }
    const fresh = document.querySelector("[data-top]");
    if (fresh && live.newest && live.newest !== fresh.dataset.top) fresh.hidden = false;
    tell();
  };

  const address = document.body.dataset.live;
  let asking = false;
  const ask = async () => {
    if (!address || asking || document.hidden) return;
    asking = true;
    try {
      const answer = await fetch(address, { credentials: "same-origin", cache: "no-store" });
      if (answer.status === 401) location.reload();
      else if (answer.ok) apply(await answer.json());
    } catch {
      // No connection: the next turn asks again.
    } finally {
      asking = false;
    }
  };

  setInterval(tell, 15000);
  setInterval(ask, 10000);
  document.addEventListener("visibilitychange", ask);
})();
