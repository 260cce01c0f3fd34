// What HTML cannot do: lights, switches, search, keys, hints, progress. Pages are complete without it.
(() => {
  "use strict";
  const root = document.documentElement, base = root.dataset.root.replace(/\/?$/, "/");
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const store = {
    get: (key) => {
      try {
        return localStorage.getItem(key);
      } catch {
        return null;
      }
    },
    set: (key, value) => {
      try {
        localStorage.setItem(key, value);
      } catch { /* Reading goes on. */ }
    },
  };
  // The page has the words of its language by the English ones.
  const words = JSON.parse(root.dataset.words ?? "{}"), say = (english) => words[english] ?? english;
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  // Pointing at a quantity lights up all of it.
  let lit = "";
  const light = (number) => {
    if (number === lit) return;
    for (const element of $$(".lit")) element.classList.remove("lit");
    lit = number;
    if (number && !root.classList.contains("plain")) {
      for (const element of $$(`[data-q="${CSS.escape(number)}"]`)) element.classList.add("lit");
    }
  };
  document.addEventListener("pointerover", (event) => light(event.target.closest?.("[data-q]")?.dataset.q ?? ""));
  document.addEventListener("click", (event) => {
    if (matchMedia("(hover: none)").matches) light(event.target.closest?.("[data-q]")?.dataset.q ?? "");
  });

  // Hints: what `title` says, sooner and by keyboard too.
  const card = make("div", { className: "card", hidden: true, id: "hint" });
  card.setAttribute("role", "tooltip");
  document.body.append(card);
  // Of a quantity: its name in the code and its shape, as its row of the symbol table has them. Cells are copied: a formula is
  // there twice, once to be seen and once to be heard, and would be twice in their text.
  const meaning = (element) => {
    const number = (element.closest("[data-q]") ?? $("[data-q]", element))?.dataset.q;
    const row = number && !element.closest(".symbols") && $(`tr[data-of~="${CSS.escape(number)}"]`);
    if (!row) return [];
    const cells = [...row.cells].slice(1).map((cell) => [...cell.cloneNode(true).childNodes]);
    return [make("div", {}, ...cells.flatMap((nodes, i) => i ? [" · ", ...nodes] : nodes))];
  };
  let hinted;
  const place = () => {
    const box = hinted.getBoundingClientRect();
    card.style.left = `${Math.max(8, Math.min(box.left, innerWidth - card.offsetWidth - 16))}px`;
    card.style.top = box.bottom + card.offsetHeight + 12 > innerHeight
      ? `${box.top - card.offsetHeight - 6}px`
      : `${box.bottom + 6}px`;
  };
  const hint = (element) => {
    if (element === hinted) return;
    if (hinted) hinted.removeAttribute("aria-describedby");
    hinted = element;
    card.hidden = !element;
    if (!element) return;
    if (element.title) {
      element.dataset.hint = element.title;
      element.removeAttribute("title");
    }
    card.replaceChildren(...meaning(element));
    if (element.dataset.hint) card.append(make("div", {}, element.dataset.hint));
    element.setAttribute("aria-describedby", "hint");
    place();
  };
  const hintOf = (event) =>
    event.target.closest?.("main [title], main [data-hint], main .prose [data-q], main .code pre [data-q]");
  // Who comes by keyboard makes the page scroll, under a pointer that rests: what has the focus keeps its hint.
  const keeps = () => hinted && hinted === document.activeElement;
  let pointer = "";
  const at = ({ clientX, clientY }) => `${clientX} ${clientY}`;
  addEventListener("pointermove", (event) => pointer = at(event), { passive: true });
  document.addEventListener("pointerover", (event) => {
    if (!keeps() || at(event) !== pointer) hint(hintOf(event));
  });
  document.addEventListener("focusin", (event) => hint(hintOf(event)));
  addEventListener("scroll", () => keeps() ? place() : hint(undefined), { passive: true });
  root.addEventListener("pointerleave", (event) => {
    // A finger leaves whenever it is lifted.
    if (event.pointerType === "touch") return;
    hint(undefined);
    light("");
  });

  // Switches.
  const button = (action) => $(`[data-action="${action}"]`);
  const themes = ["system", "light", "dark"];
  const showTheme = () => {
    const theme = root.dataset.theme ?? "system";
    button("theme").replaceChildren(say("theme"), make("span", { className: "optional" }, `: ${say(theme)}`));
    button("theme").setAttribute("aria-label", `${say("theme")}: ${say(theme)}`);
  };
  const nextTheme = () => {
    const theme = themes[(themes.indexOf(root.dataset.theme ?? "system") + 1) % 3];
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    store.set("heedTheme", theme === "system" ? "" : theme);
    showTheme();
  };
  showTheme();
  const showColours = () => button("colours").setAttribute("aria-pressed", String(!root.classList.contains("plain")));
  const toggleColours = () => {
    light("");
    root.classList.toggle("plain");
    store.set("heedColours", root.classList.contains("plain") ? "off" : "");
    showColours();
  };
  showColours();

  // Progress: a page is read once its end was seen.
  const here = root.dataset.url, read = new Set(JSON.parse(store.get("heedRead") || "[]"));
  const showRead = () => {
    const site = new URL(base, location.href).href;
    for (const link of $$(".tree li > a, a[data-page]")) {
      const page = link.href.replace(site, "");
      link.classList.toggle("read", read.has(page) && page !== "index.html");
    }
  };
  showRead();
  const end = $("footer");
  if (end && "IntersectionObserver" in window) {
    new IntersectionObserver((entries, observer) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      observer.disconnect();
      read.add(here);
      store.set("heedRead", JSON.stringify([...read]));
      showRead();
    }).observe(end);
  }

  // Copying code leaves line numbers behind, for they are not text.
  for (const cell of $$(".code:has(pre), .plain-page pre, .reference pre")) {
    const pre = cell.matches("pre") ? cell : $("pre", cell);
    if (cell.matches("pre") || pre.closest("details:not(.region)")) continue;
    const copy = make("button", { className: "copy", textContent: say("copy"), type: "button" });
    copy.onclick = async () => {
      try {
        await navigator.clipboard.writeText(`${pre.textContent.trimEnd()}\n`);
        copy.textContent = say("copied");
      } catch {
        copy.textContent = say("not allowed");
      }
      setTimeout(() => {
        copy.textContent = say("copy");
      }, 1500);
    };
    cell.prepend(copy);
  }

  // What scrolls sideways can be reached by keyboard.
  const reach = () => {
    for (const element of $$(".table, .katex-display, pre")) {
      if (element.scrollWidth > element.clientWidth + 1) element.tabIndex = 0;
      else element.removeAttribute("tabindex");
    }
  };
  addEventListener("resize", reach);
  reach();

  // A dialog for search and one for help.
  const dialogs = {};
  const dialog = (name, fill) => {
    if (!dialogs[name]) {
      dialogs[name] = make("dialog");
      dialogs[name].setAttribute("aria-label", say(name));
      fill(dialogs[name]);
      dialogs[name].addEventListener("click", (event) => {
        if (event.target === dialogs[name]) dialogs[name].close();
      });
      document.body.append(dialogs[name]);
    }
    if (!dialogs[name].open) dialogs[name].showModal();
    return dialogs[name];
  };
  // The search, then the index of each half of the site that is asked for.
  const scripts = {};
  const script = (name) =>
    scripts[name] ??= new Promise((resolve, reject) => {
      const element = make("script", { src: `${base}assets/${name}.js` });
      element.onload = resolve;
      element.onerror = () => {
        delete scripts[name];
        reject(new Error(say("The index could not be loaded")));
      };
      document.head.append(element);
    });
  const load = async (side) => {
    await script("search");
    await script(`search_${side}`);
    return globalThis.heedSearch;
  };
  // The book of another language has an index of its own.
  const book = root.lang === "en" ? "book" : root.lang;
  const SIDES = { [book]: "the book", workshop: "how it is made" };
  const isBook = (root.dataset.side ?? "book") === "book";
  const own = isBook ? book : "workshop", other = isBook ? "workshop" : "book", asked = [own];
  const LONGEST_QUESTION = 200, PAUSE = 60;
  const excerpt = (text, question) => {
    const words = question.split(/\s+/).filter((word) => word.length > 1);
    const at = Math.max(0, ...words.map((word) => text.toLowerCase().indexOf(word.toLowerCase())));
    // Whole words, as many as two lines hold; Chinese may break anywhere.
    const from = at <= 60 ? 0 : at - 60 + Math.max(0, text.slice(at - 60, at).search(/(?<=\s)\S/));
    let piece = text.slice(from, from + 150);
    if (from + 150 < text.length) piece = `${piece.replace(/\s+[^\s\p{Script=Han}]*$/u, "")} …`;
    if (from > 0) piece = `… ${piece}`;
    const parts = words.length === 0
      ? [piece]
      : piece.split(new RegExp(`(${words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`, "i"));
    return parts.map((part, i) => i % 2 ? make("mark", {}, part) : part);
  };
  const openSearch = () => {
    const box = dialog("Search", (element) => {
      const input = make("input", {
        type: "text",
        placeholder: say("Search: a word, a name, a sentence, 中文"),
        autocomplete: "off",
        spellcheck: false,
      });
      input.setAttribute("aria-label", say("Search"));
      input.maxLength = LONGEST_QUESTION;
      const list = make("ol", { className: "results" }), status = make("p", { className: "note" });
      status.setAttribute("role", "status");
      const more = make("button", {
        className: "more",
        type: "button",
        textContent: say(`Search also ${SIDES[other]}`),
      });
      more.hidden = true;
      more.onclick = () => {
        asked.push(other);
        input.focus();
        show();
      };
      element.append(input, status, list, more);
      let chosen = 0;
      const mark = () => {
        const links = $$("a", list);
        links.forEach((link, i) => link.classList.toggle("chosen", i === chosen));
        links[chosen]?.scrollIntoView({ block: "nearest" });
      };
      const ask = () => input.value.slice(0, LONGEST_QUESTION).trim();
      const show = async () => {
        const question = ask();
        if (!question) {
          list.replaceChildren();
          list.dataset.question = status.textContent = "";
          more.hidden = true;
          return;
        }
        try {
          const found = [];
          for (const side of asked) {
            const { find } = await load(side);
            if (question !== ask()) return;
            found.push([side, find(side, question).slice(0, 30)]);
          }
          status.textContent = found.some(([, results]) => results.length) ? "" : say("Nothing found");
          list.replaceChildren(
            ...found.flatMap(([side, results]) => [
              ...side === own || results.length === 0 ? [] : [make("li", { className: "side" }, say(SIDES[side]))],
              ...results.map(({ url, title, page, text }) =>
                make(
                  "li",
                  {},
                  make(
                    "a",
                    { href: base + url },
                    title,
                    make("small", {}, title === page ? "" : `${page} · `, ...excerpt(text, question)),
                  ),
                )
              ),
            ]),
          );
          more.hidden = asked.includes(other);
          chosen = 0;
          mark();
          list.dataset.question = question;
        } catch (error) {
          status.textContent = error.message;
        }
      };
      // Who types on asks again.
      let late;
      input.addEventListener("input", () => {
        clearTimeout(late);
        late = setTimeout(show, PAUSE);
      });
      input.addEventListener("keydown", (event) => {
        const links = $$("a", list);
        if (event.key === "ArrowDown" || event.key === "ArrowUp") {
          event.preventDefault();
          chosen = (chosen + (event.key === "ArrowDown" ? 1 : -1) + links.length) % (links.length || 1);
          mark();
        } else if (event.key === "Enter") {
          event.preventDefault();
          // What is opened answers what is written.
          if (list.dataset.question === ask()) links[chosen]?.click();
          else show().then(() => $$("a", list)[chosen]?.click());
        }
      });
      list.addEventListener("click", (event) => {
        if (event.target.closest("a")) element.close();
      });
    });
    $("input", box).select();
    load(own).catch(() => {});
  };
  const keys = [
    ["/", "search"],
    ["j k", "next and previous section"],
    ["[ ]", "previous and next page"],
    ["c", "colours on and off"],
    ["t", "theme: system, light or dark"],
    ["?", "this list"],
    ["Esc", "close"],
  ];
  const openHelp = () =>
    dialog("Keys", (element) => {
      const list = make("dl");
      for (const [key, does] of keys) {
        list.append(
          make("dt", {}, ...key.split(" ").flatMap((one) => [make("kbd", {}, one), " "])),
          make("dd", {}, say(does)),
        );
      }
      const close = make("button", { textContent: say("close"), type: "button", onclick: () => element.close() });
      element.append(make("h2", {}, say("Keys")), list, close);
    });
  const step = (by) => {
    const tops = $$("main h1, main h2[id], .row.top, .reference section").map((element) =>
      element.closest(".row, section") ?? element
    );
    // What is folded is no place.
    const places = [...new Set(tops)].filter((element) => element.checkVisibility()),
      far = (element) =>
        element.getBoundingClientRect().top - 66 - (parseFloat(getComputedStyle(element).scrollMarginTop) || 0);
    const next = by > 0 ? places.find((element) => far(element) > 8) : places.findLast((element) => far(element) < -8);
    if (next) land(next);
  };
  const actions = { search: openSearch, theme: nextTheme, colours: toggleColours };
  for (const [name, act] of Object.entries(actions)) button(name).addEventListener("click", act);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape") {
      $("details.tree").open = false;
      hint(undefined);
      light("");
      return;
    }
    if (event.target.closest?.("input, textarea, select, [contenteditable], dialog[open]")) return;
    const act = {
      "/": openSearch,
      "?": openHelp,
      j: () => step(1),
      k: () => step(-1),
      c: toggleColours,
      t: nextTheme,
      "[": () => $("a[rel=prev]")?.click(),
      "]": () => $("a[rel=next]")?.click(),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  // Another language begins where the reader is: what has a name has the same in all of them.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a.language");
    if (!link) return;
    const named = $$("main h2[id], main .row[id], main .experiment[id]"), above = 0.3 * innerHeight;
    const here = scrollY < 80
      ? undefined
      : named.findLast((element) => element.checkVisibility() && element.getBoundingClientRect().top < above);
    link.hash = here ? here.id : "";
  });
  document.addEventListener("click", (event) => {
    const tree = $("details.tree");
    if (tree.open && !tree.contains(event.target)) tree.open = false;
  });
  // Whoever opens the contents sees where they are.
  $("details.tree").addEventListener("toggle", () => {
    const list = $("details.tree > nav"), current = $("[aria-current]", list);
    if (current) list.scrollTop = current.offsetTop - list.clientHeight / 2;
  });

  // A link lands on its target and stays there while fonts and figures arrive, until the reader moves.
  let landing;
  const settle = () => {
    if (!landing) return;
    const { target } = landing;
    target.scrollIntoView({ block: "start" });
    landing = { target, top: target.getBoundingClientRect().top, height: root.scrollHeight };
  };
  const land = (target) => {
    landing = { target };
    settle();
  };
  const leave = () => {
    landing = undefined;
  };
  for (const act of ["wheel", "touchmove", "pointerdown", "keydown"]) {
    addEventListener(act, leave, { capture: true, passive: true });
  }
  addEventListener("scroll", () => {
    if (!landing || root.scrollHeight !== landing.height) return;
    if (Math.abs(landing.target.getBoundingClientRect().top - landing.top) > 4) leave();
  }, { passive: true });
  new ResizeObserver(settle).observe(document.body);
  const targetOf = (hash) => {
    try {
      return document.getElementById(decodeURIComponent(hash.slice(1)));
    } catch {
      return null;
    }
  };
  // A target inside closed details opens them.
  const reveal = () => {
    for (let at = targetOf(location.hash); at; at = at.parentElement) {
      if (at.matches("details:not(.tree)")) at.open = true;
    }
  };
  addEventListener("hashchange", reveal);
  reveal();
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href*='#']");
    if (!link || link.pathname !== location.pathname || event.defaultPrevented) return;
    setTimeout(() => {
      reveal();
      const target = link.hash === location.hash && targetOf(link.hash);
      if (target) land(target);
    });
  });
  // Who comes back is where they were.
  const [{ type = "navigate" } = {}] = performance.getEntriesByType("navigation");
  if (type === "navigate" && targetOf(location.hash)) land(targetOf(location.hash));
})();
