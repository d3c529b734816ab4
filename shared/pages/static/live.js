
// Progressive enhancement only: the page says everything without this script.
// While something goes on, the main part is fetched again and swapped in place. Scroll, focus, open
// details and a selection of text stay. Who asked the system for less motion starts paused.
(() => {
  "use strict";
  const all = document.getElementById("tick-all");
  if (all) {
    all.parentElement.hidden = false;
    all.addEventListener("change", () => {
      for (const one of all.form.elements) if (one.name === "case") one.checked = all.checked;
    });
  }
  const bar = document.getElementById("live");
  const text = document.getElementById("live-text");
  const toggle = document.getElementById("live-toggle");
  const said = document.getElementById("live-said");
  const main = () => document.getElementById("main");
  const seconds = () => Number(main().dataset.refresh || 0);
  if (!bar || !seconds()) return;

  let paused = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let timer = 0;
  let misses = 0;

  const selecting = () => {
    const selection = getSelection();
    return selection && !selection.isCollapsed && main().contains(selection.anchorNode);
  };
  // Whoever has begun to answer is not interrupted.
  const answering = () => [...main().querySelectorAll("form")].some((form) =>
    [...form.elements].some((one) =>
      (one.checked ?? false) !== (one.defaultChecked ?? false) ||
      [...(one.options || [])].some((each) => each.selected !== each.defaultSelected) ||
      ("defaultValue" in one && one.type !== "checkbox" && one.value !== one.defaultValue)));
  const places = (root) => [...root.querySelectorAll("a[href], summary, button, input, textarea, [tabindex='0']")];
  // What a reader stands on is found again by what it is: others may have come or gone before it.
  const sign = (one) => [one.tagName, one.className, one.id, one.name, one.href, one.form && one.form.action].join(" ");
  const boxes = (root) => [...root.querySelectorAll(".scroll, pre")];

  function swap(fresh) {
    const old = main();
    const held = document.activeElement;
    const before = places(old).filter((one) => sign(one) === sign(held)).indexOf(held);
    const within = document.activeElement === old;
    const open = [...old.querySelectorAll("details")].map((one) => one.open);
    const scrolled = boxes(old).map((one) => one.scrollLeft);
    const [x, y] = [scrollX, scrollY];
    const word = (root) => (root.querySelector("#answer") || {}).textContent;
    const news = word(fresh) !== word(old) ? word(fresh) : "";
    old.replaceWith(document.adoptNode(fresh));
    fresh.querySelectorAll("details").forEach((one, n) => { one.open = Boolean(open[n]); });
    boxes(fresh).forEach((one, n) => { one.scrollLeft = scrolled[n] || 0; });
    const target = within ? fresh : places(fresh).filter((one) => sign(one) === sign(held))[before];
    if (target) target.focus({ preventScroll: true });
    scrollTo({ left: x, top: y, behavior: "instant" });
    if (news) said.textContent = news.trim();
  }

  async function look() {
    try {
      const answer = await fetch(location.href, { cache: "no-store", redirect: "error" });
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("main");
      if (!fresh) throw new Error("no main part");
      misses = 0;
      document.title = page.title;
      swap(fresh);
    } catch (error) {
      misses += 1;
    }
  }

  function show() {
    bar.hidden = false;
    bar.classList.toggle("lost", misses > 0);
    if (!seconds()) {
      text.textContent = "Up to date";
      toggle.hidden = true;
    } else if (paused) {
      text.textContent = "Updates are paused";
      toggle.textContent = "Go on";
    } else {
      text.textContent = misses ? "No answer, trying again" : `Updates every ${seconds()} s`;
      toggle.textContent = "Pause";
    }
  }

  function next() {
    clearTimeout(timer);
    show();
    if (paused || !seconds()) return;
    timer = setTimeout(async () => {
      if (!document.hidden && !selecting() && !answering()) await look();
      next();
    }, Math.min(seconds() * 1000 * 2 ** Math.min(misses, 4), 60000));
  }

  toggle.addEventListener("click", async () => {
    paused = !paused;
    if (!paused) await look();
    next();
  });
  document.addEventListener("visibilitychange", next);
  next();
})();
