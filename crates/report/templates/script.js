(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { texts, controls, clusters, findings, records, lists, gaps } = data;
  const text = (place) => texts[place];
  const total = findings.control.length;
  const view = document.getElementById("view");
  const said = document.getElementById("said");
  const SEVERITIES = data.severities, STATES = data.states;
  const PAGE = 100;
  const byControl = new Map(controls.map((one, place) => [one.id, place]));
  const byCluster = new Map(clusters.map((one, place) => [String(place), place]));
  const byFingerprint = () => {
    byFingerprint.map ||= new Map(findings.fingerprint.map((one, place) => [text(one), place]));
    return byFingerprint.map;
  };

  // Everything from a cloud goes into the page as text, never as markup.
  const el = (name, props, ...inside) => {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(props || {})) {
      if (value === undefined || value === null || value === false) continue;
      if (key === "class") node.className = value;
      else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else node.setAttribute(key, value === true ? "" : value);
    }
    for (const one of inside.flat(9)) if (one !== undefined && one !== null && one !== false) node.append(one);
    return node;
  };
  const page = (...inside) => view.replaceChildren(...inside.flat(9).filter(Boolean));
  // Marks that turn the reading direction or hide are written out.
  const odd = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\u{e0000}-\u{e0fff}]/gu;
  const shown = (words) => String(words).replace(odd, (mark) => "\\u{" + mark.codePointAt(0).toString(16) + "}");
  // A cluster may be called nothing at all; a link and a heading need words.
  const named = (words, most) => few(shown(words).trim(), most) || "(no name)";
  const few = (words, most) => (words.length > most ? words.slice(0, most) + "…" : words);
  // What stands between backquotes is written as code.
  const prose = (words, most) => few(words, most).split("`").map((part, place) => (place % 2 === 1 ? el("code", {}, part) : part));
  const clusterLink = (place) => el("a", { href: "#/cluster/" + place }, named(clusters[place].name, 120));
  const controlLink = (place) => el("a", { href: "#/control/" + controls[place].id }, el("code", {}, controls[place].id), " ", controls[place].title);
  const many = (count, one, more) => count.toLocaleString("en") + " " + (count === 1 ? one : more);
  const isOpen = (place) => STATES[findings.state[place]] === "fail" && !findings.waived[place];

  const mark = (place) => {
    const state = STATES[findings.state[place]], severity = SEVERITIES[findings.severity[place]];
    if (findings.waived[place]) return el("span", { class: "tag" }, "waived");
    return state === "fail" ? el("span", { class: "tag sev-" + severity }, severity) : el("span", { class: "tag " + state }, state);
  };

  const line = (place, without) => {
    const control = findings.control[place], cluster = findings.cluster[place];
    const why = shown(text(findings.because[place])), brief = shown(text(findings.brief[place])) || why;
    const subject = text(findings.subject[place]);
    const isCluster = data.kinds[findings.kind[place]] === "cluster";
    return el("li", { class: "line", id: "f-" + text(findings.fingerprint[place]) },
      el("div", { class: "mark" }, mark(place)),
      el("div", { class: "head" }, without === "control" ? clusterLink(cluster) : controlLink(control)),
      el("div", { class: "place" }, without === "cluster" || without === "control" ? [] : [clusterLink(cluster), " · "],
        few(shown(clusters[cluster].scope), 120), isCluster ? [] : [" · ", data.kinds[findings.kind[place]], " ", few(shown(subject), 200)]),
      el("div", { class: "why" }, prose(brief, 600)),
      drawer(place, why !== brief || why.length > 600 ? why : ""));
  };

  const drawer = (place, why) => {
    const box = el("details", {}, el("summary", {}, "Evidence and what to do"));
    // Made when it is opened: there may be a hundred thousand.
    box.addEventListener("toggle", () => {
      if (!box.open || box.children.length > 1) return;
      const rows = [];
      const row = (name, ...value) => rows.push(el("dt", {}, name), el("dd", {}, ...value));
      const control = controls[findings.control[place]];
      if (why) row("In full", prose(why, 20000));
      const todo = text(findings.todo[place]);
      if (todo) row("What to do", prose(todo, 4000), " ", el("span", { class: "tag" }, "effort " + control.effort));
      const raised = text(findings.modified[place]);
      if (raised) row("Severity", raised);
      const accepted = text(findings.accepted[place]);
      if (accepted) row("Accepted", shown(accepted));
      row("Address", el("a", { href: "#/finding/" + text(findings.fingerprint[place]) }, el("code", {}, text(findings.fingerprint[place]))));
      if (control.maps.length) row("Frameworks", control.maps.map((one) => one.framework + " " + one.version + " " + one.requirements.join(", ")).join("; "));
      const list = lists[findings.evidence[place]];
      row("Rests on", list.length === 0 ? "no record" : many(list.length, "record", "records"), el("ul", {}, list.slice(0, 50).map((record) => {
        const [call, pointer, digest] = records[record];
        return el("li", {}, el("code", {}, shown(text(call)) + (text(pointer) ? " " + shown(text(pointer)) : "")), el("br"), el("small", { class: "mono" }, "sha256 " + text(digest)));
      }), list.length > 50 ? el("li", {}, "and " + (list.length - 50) + " more, all in the JSON form") : []));
      box.append(el("dl", {}, rows));
    });
    return box;
  };

  const listing = (places, without) => {
    const list = el("ul", { class: "lines" });
    const more = el("button", { type: "button" });
    let from = 0;
    const next = () => {
      const first = from;
      for (; from < Math.min(first + PAGE, places.length); from++) list.append(line(places[from], without));
      more.hidden = from >= places.length;
      more.textContent = "Show " + Math.min(PAGE, places.length - from) + " more of " + (places.length - from);
      if (first > 0) list.children[first].querySelector("a").focus();
    };
    more.addEventListener("click", next);
    next();
    return [list, el("p", {}, more)];
  };

  const order = (a, b) =>
    findings.waived[a] - findings.waived[b] || findings.state[b] - findings.state[a] || findings.severity[b] - findings.severity[a] || a - b;
  const everything = [...Array(total).keys()];
  const sorted = () => (sorted.all ||= everything.slice().sort(order));
  const searchable = [];
  const words = (place) => (searchable[place] ||= [
    controls[findings.control[place]].id, controls[findings.control[place]].title, clusters[findings.cluster[place]].name,
    clusters[findings.cluster[place]].scope, text(findings.subject[place]), text(findings.because[place]), text(findings.fingerprint[place]),
  ].join("\n").toLowerCase());

  const filters = {
    q: (value) => { const parts = value.toLowerCase().split(/\s+/).filter(Boolean); return (place) => parts.every((part) => words(place).includes(part)); },
    severity: (value) => (place) => SEVERITIES[findings.severity[place]] === value,
    state: (value) => (place) => (value === "waived" ? findings.waived[place] === 1 : STATES[findings.state[place]] === value && !(value === "fail" && findings.waived[place])),
    provider: (value) => (place) => clusters[findings.cluster[place]].provider === value,
    scope: (value) => (place) => clusters[findings.cluster[place]].scope === value,
    concern: (value) => (place) => controls[findings.control[place]].concern === value,
    layer: (value) => (place) => controls[findings.control[place]].layer === value,
    dimension: (value) => (place) => controls[findings.control[place]].dimension === value,
    control: (value) => (place) => controls[findings.control[place]].id === value,
    cluster: (value) => (place) => String(findings.cluster[place]) === value,
  };
  // The finding of a cluster sums up those of its parts.
  const summed = (place) => data.kinds[findings.kind[place]] === "cluster";
  const chosen = (asked) => {
    const tests = Object.entries(asked).filter(([key, value]) => value && filters[key]).map(([key, value]) => filters[key](value));
    if (asked.parts !== "each" && !asked.q) tests.unshift(summed);
    return sorted().filter((place) => tests.every((test) => test(place)));
  };

  const uniq = (values) => [...new Set(values)].sort();
  const findingsView = (asked) => {
    const options = {
      state: ["fail", "unknown", "mitigated", "waived", "pass", "inherited", "not-applicable", "attest-missing", "attest-expired"],
      severity: SEVERITIES.slice().reverse(),
      provider: uniq(clusters.map((one) => one.provider)),
      concern: uniq(controls.map((one) => one.concern)),
      layer: uniq(controls.map((one) => one.layer)),
      dimension: uniq(controls.map((one) => one.dimension)),
      control: controls.map((one) => one.id),
      scope: uniq(clusters.map((one) => one.scope)),
    };
    const out = el("div", {});
    const count = el("p", { class: "count", role: "status" });
    let places = [];
    const state = { ...asked };
    const draw = () => {
      places = chosen(state);
      count.textContent = many(places.length, "finding", "findings") + " of " + total.toLocaleString("en");
      out.replaceChildren(...listing(places));
    };
    const change = (key, value) => {
      if (value) state[key] = value; else delete state[key];
      const query = new URLSearchParams(state).toString();
      history.replaceState(null, "", "#/findings" + (query ? "?" + query : ""));
      draw();
    };
    const search = el("input", { type: "search", id: "search", value: asked.q || "", placeholder: "name, control, address, reason" });
    let wait = 0;
    search.addEventListener("input", () => { cancelAnimationFrame(wait); wait = requestAnimationFrame(() => change("q", search.value.trim())); });
    const selects = Object.entries(options).filter(([key, values]) => values.length > 1 || asked[key]).map(([key, values]) => {
      const select = el("select", { name: key }, el("option", { value: "" }, "any"), values.map((value) => el("option", { value, selected: asked[key] === value }, few(shown(value), 60))));
      select.addEventListener("change", () => change(key, select.value));
      return el("label", {}, key, select);
    });
    const parts = el("select", { name: "parts" }, el("option", { value: "" }, "each cluster once"), el("option", { value: "each", selected: asked.parts === "each" }, "each part of it"));
    parts.addEventListener("change", () => change("parts", parts.value));
    selects.push(el("label", {}, "of", parts));
    const copy = el("button", { type: "button", onclick: () => copyCsv(places) }, "Copy as CSV");
    page(el("h1", {}, "Findings"), el("form", { class: "bar", role: "search", onsubmit: (event) => event.preventDefault() }, el("label", {}, "search", search), selects, copy), count, out);
    draw();
  };

  // A cell that a spreadsheet would take for a formula begins with an apostrophe; blanks before the sign do not hide it, and
  // neither does the sign's wide form.
  const quoted = (value) => { const safe = /^\s*[=+\-@|%\uff1d\uff0b\uff0d\uff20]|^[\t\r]/.test(value) ? "'" + value : value; return '"' + safe.replaceAll('"', '""') + '"'; };
  const csv = (places) => [["fingerprint", "control", "severity", "verdict", "waived", "provider", "scope", "cluster", "subject", "because"], ...places.map((place) => {
    const cluster = clusters[findings.cluster[place]];
    return [text(findings.fingerprint[place]), controls[findings.control[place]].id, SEVERITIES[findings.severity[place]], STATES[findings.state[place]],
      findings.waived[place] ? "true" : "false", cluster.provider, cluster.scope, cluster.name, text(findings.subject[place]), text(findings.because[place])];
  })].map((row) => row.map((value) => quoted(shown(value))).join(",")).join("\r\n");
  const copyCsv = async (places) => {
    const lines = csv(places);
    try { await navigator.clipboard.writeText(lines); tell("Copied " + many(places.length, "line", "lines")); }
    catch { const box = el("textarea", { readonly: true, rows: 12, "aria-label": "CSV" }); box.value = lines; view.append(box); box.select(); tell("Copy the marked text"); }
  };
  const tell = (what) => { said.textContent = ""; requestAnimationFrame(() => { said.textContent = what; }); };

  const tally = (places) => {
    const found = { critical: 0, high: 0, medium: 0, low: 0, info: 0, unknown: 0, accepted: 0, mitigated: 0, pass: 0 };
    for (const place of places) {
      const state = STATES[findings.state[place]];
      if (isOpen(place)) found[SEVERITIES[findings.severity[place]]]++;
      else if (state === "unknown" || state.startsWith("attest")) found.unknown++;
      else if (state === "fail") found.accepted++;
      else if (state === "mitigated") found.mitigated++;
      else if (state === "pass" || state === "inherited") found.pass++;
    }
    return found;
  };
  const meter = (found) => {
    const sum = Object.values(found).reduce((a, b) => a + b, 0) || 1;
    const parts = Object.entries(found).filter(([, count]) => count > 0);
    const box = el("div", { class: "meter", role: "img", "aria-label": parts.map(([name, count]) => count + " " + name).join(", ") || "nothing" });
    for (const [name, count] of parts) { const part = el("i", { class: "m-" + (name === "info" ? "low" : name) }); part.style.width = (100 * count) / sum + "%"; box.append(part); }
    return [box, el("p", {}, parts.map(([name, count]) => count + " " + name).join(" · ") || "nothing judged")];
  };
  const grouped = (column) => { const all = new Map(); column.forEach((key, place) => { const list = all.get(key); if (list) list.push(place); else all.set(key, [place]); }); return all; };
  const ofCluster = () => (ofCluster.map ||= grouped(findings.cluster));
  const ofControl = () => (ofControl.map ||= grouped(findings.control));

  const cardsView = (title, items, asked, card, hay, base) => {
    const search = el("input", { type: "search", id: "search", value: asked.q || "" });
    const out = el("div", {}), count = el("p", { class: "count", role: "status" });
    const draw = () => {
      const parts = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const kept = items.filter((one) => parts.every((part) => hay(one).toLowerCase().includes(part)));
      count.textContent = kept.length.toLocaleString("en") + " of " + items.length.toLocaleString("en");
      const list = el("ul", { class: "cards" }), more = el("button", { type: "button" });
      let from = 0;
      const next = () => { for (const end = Math.min(from + 60, kept.length); from < end; from++) list.append(card(kept[from])); more.hidden = from >= kept.length; more.textContent = "Show more"; };
      more.addEventListener("click", next); next();
      out.replaceChildren(list, el("p", {}, more));
    };
    search.addEventListener("input", () => { history.replaceState(null, "", base + (search.value ? "?q=" + encodeURIComponent(search.value) : "")); draw(); });
    page(el("h1", {}, title), el("form", { class: "bar", role: "search", onsubmit: (event) => event.preventDefault() }, el("label", {}, "search", search)), count, out);
    draw();
  };
  const clustersView = (asked) => {
    const found = clusters.map((_, place) => tally((ofCluster().get(place) || []).filter(summed)));
    const weight = (one) => ((one.critical * 1e4 + one.high) * 1e4 + one.medium) * 1e4 + one.low;
    const items = [...clusters.keys()].sort((a, b) => weight(found[b]) - weight(found[a]) || a - b);
    cardsView("Clusters", items, asked, (place) => el("li", { class: "card" }, el("h2", {}, clusterLink(place)),
      el("p", {}, clusters[place].service + " · " + few(shown(clusters[place].scope), 120) + " · " + shown(clusters[place].location)), meter(found[place])),
    (place) => [clusters[place].name, clusters[place].scope, clusters[place].provider, clusters[place].location].join(" "), "#/clusters");
  };
  const controlsView = (asked) => cardsView("Controls", [...controls.keys()], asked, (place) => el("li", { class: "card" }, el("h2", {}, controlLink(place)),
    el("p", {}, controls[place].layer + " · " + controls[place].dimension + " · effort " + controls[place].effort), meter(tally((ofControl().get(place) || []).filter(summed)))),
  (place) => [controls[place].id, controls[place].title, controls[place].concern, controls[place].layer, controls[place].dimension].join(" "), "#/controls");

  const ranges = (packets) => {
    const same = packets.lower.join() === packets.upper.join();
    const told = (list) => (list.length === 0 ? "nobody" : few(list.join(", "), 400));
    return packets.any ? "every " + packets.family + " address" : same ? told(packets.upper) : "at most " + told(packets.upper) + "; certainly " + told(packets.lower);
  };
  const table = (label, head, rows) => rows.length === 0 ? el("p", { class: "note" }, "None.") : el("div", { class: "wide" }, el("table", { "aria-label": label },
    el("thead", {}, el("tr", {}, head.map((one) => el("th", { scope: "col" }, one)))), el("tbody", {}, rows.map((row) => el("tr", {}, row.map((cell) => el("td", {}, cell)))))));
  const clusterView = (id) => {
    const place = byCluster.get(id);
    if (place === undefined) return missing("cluster");
    const one = clusters[place], own = (ofCluster().get(place) || []).slice().sort(order);
    page(el("p", { class: "crumb" }, el("a", { href: "#/clusters" }, "Clusters")), el("h1", {}, named(one.name, 300)),
      el("p", { class: "lead" }, one.service + " · " + few(shown(one.scope), 200) + " · " + shown(one.location)), meter(tally(own.filter(summed))),
      el("p", {}, "Its maps: ", maps.kinds.flatMap(([name, title], at) => [at ? " · " : "", el("a", { href: "#/maps/" + name + "/" + place }, title.toLowerCase())])),
      el("h2", {}, "Who reaches its API server"), table("Who reaches its API server", ["Ports", "From", "Before it"], one.api.map((way) => [el("code", {}, way.packets.protocol + " " + way.packets.ports), el("span", { class: "mono" }, ranges(way.packets)), way.gate === "iam" ? "the provider's IAM" : "its own authentication"])),
      el("h2", {}, "Who reaches its machines"), table("Who reaches its machines", ["Pool", "Ports", "From", "Through"], one.nodes.flatMap((group) => group.packets.map((packets) => [shown(group.pool) + " (" + many(group.count, "machine", "machines") + ")", el("code", {}, packets.protocol + " " + packets.ports), el("span", { class: "mono" }, ranges(packets)), el("span", { class: "mono" }, few(shown(group.via.join(", ")), 300))]))),
      el("h2", {}, "Who it is in the cloud"), table("Who it is in the cloud", ["Kind", "Identity", "What it can do"], one.identities.map((who) => [who.kind, el("code", {}, few(shown(who.id), 200)), who.can.length ? few(who.can.join("; "), 600) : who.known ? "nothing beyond its need" : "not known"])),
      el("h2", {}, "Findings"), ...listing(own.filter(summed), "cluster"), el("p", {}, el("a", { href: "#/findings?parts=each&cluster=" + place }, "Each part of it")));
  };
  const controlView = (id) => {
    const place = byControl.get(id);
    if (place === undefined) return missing("control");
    const one = controls[place], own = (ofControl().get(place) || []).slice().sort(order);
    page(el("p", { class: "crumb" }, el("a", { href: "#/controls" }, "Controls")), el("h1", {}, one.title),
      el("p", { class: "lead" }, el("code", {}, one.id), " · " + one.layer + " · " + one.dimension + " · " + one.concern + " · at most " + one.severity + " · effort " + one.effort), meter(tally(own.filter(summed))),
      one.maps.length ? [el("h2", {}, "Requirements it speaks to"), el("dl", {}, one.maps.flatMap((map) => [el("dt", {}, map.framework + " " + map.version), el("dd", {}, map.requirements.join(", "))]))] : [],
      el("h2", {}, "Findings"), ...listing(own.filter(summed), "control"), el("p", {}, el("a", { href: "#/findings?parts=each&control=" + id }, "Each part of them")));
  };
  const findingView = (fingerprint) => {
    const place = byFingerprint().get(fingerprint);
    if (place === undefined) return missing("finding");
    const item = line(place);
    page(el("p", { class: "crumb" }, el("a", { href: "#/findings" }, "Findings")), el("h1", {}, controls[findings.control[place]].title), el("ul", { class: "lines" }, item));
    item.querySelector("details").open = true;
  };
  const coverageView = () => {
    const share = data.coverage.total ? Math.floor((1e4 * data.coverage.known) / data.coverage.total) / 100 : 100;
    page(el("h1", {}, "What was read, and what was not"),
      el("p", { class: "lead" }, data.coverage.known.toLocaleString("en") + " of " + data.coverage.total.toLocaleString("en") + " facts were read: " + share + " %. Nothing passes on a fact that was not."),
      gaps.length ? el("ul", { class: "lines" }, gaps.map((gap) => el("li", { class: "line" },
        el("div", { class: "mark" }, el("span", { class: "tag unknown" }, gap.reason), gap.times > 1 ? el("small", {}, " × " + gap.times) : []),
        el("div", { class: "head" }, gap.call ? el("code", {}, shown(gap.call)) : "A fact that the answers do not hold", gap.permission ? [" needs ", el("code", {}, gap.permission)] : []),
        el("div", { class: "place" }, few(shown(gap.scope), 200), " · hides ", gap.hides.length === controls.length ? "every control" : gap.hides.join(", ") || "nothing"),
        gap.message ? el("div", { class: "why" }, prose(shown(gap.message), 600)) : []))) : el("p", {}, "Everything that was asked for was answered."));
  };
  const missing = (what) => page(el("h1", {}, "No such " + what), el("p", {}, "This report has no " + what + " of that name. ", el("a", { href: "#/" }, "Back to the summary")));

  // Parts that stand in the page as they are.
  const STILL = [
    "health",
    "plan",
    "maps",
    "answers",
    "changes",
  ];
  for (const link of document.querySelectorAll("[data-jump]")) link.addEventListener("click", (event) => { event.preventDefault(); const to = document.getElementById(link.dataset.jump); to?.scrollIntoView(); to?.focus({ preventScroll: true }); });
  const summary = document.getElementById("summary");
  const show = () => {
    const [path, query] = (location.hash.replace(/^#/, "") || "/").split("?");
    const asked = Object.fromEntries(new URLSearchParams(query || ""));
    const [, part, ...rest] = path.split("/");
    let id = rest.join("/");
    try { id = decodeURIComponent(id); } catch { /* as it stands */ }
    const tab = { "": "summary", main: "summary", cluster: "clusters", control: "controls", finding: "findings" }[part] || part;
    for (const link of document.querySelectorAll("nav a")) { if (link.dataset.tab === tab) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current"); }
    const own = { clusters: () => clustersView(asked), controls: () => controlsView(asked), findings: () => findingsView(asked), coverage: coverageView, cluster: () => clusterView(id), control: () => controlView(id), finding: () => findingView(id) }[part];
    const still = STILL.find((name) => name === part);
    summary.hidden = Boolean(own || still);
    for (const name of STILL) document.getElementById(name).hidden = name !== still;
    view.hidden = !own;
    if (still === "maps") maps.show(id, "after" in asked);
    if (own) own(); else page();
    const title = view.querySelector("h1");
    if (title) { title.id = "view-title"; view.setAttribute("aria-labelledby", "view-title"); }
    window.scrollTo(0, 0);
  };
  let went = 0, seeks = false;
  window.addEventListener("hashchange", () => {
    if (location.hash === "#main") return;
    show();
    // The search box is there only now.
    const box = seeks && document.getElementById("search");
    seeks = false;
    (box || document.getElementById("main")).focus({ preventScroll: true });
  });
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName || "");
    if (event.key === "Escape") { document.activeElement?.blur(); for (const box of view.querySelectorAll("details[open]")) box.open = false; return; }
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") { event.preventDefault(); const box = document.getElementById("search"); if (box) box.focus(); else { seeks = true; location.hash = "#/findings"; } }
    else if (event.key === "g") went = event.timeStamp;
    else if (went && event.timeStamp - went < 1500) { const to = { s: "#/", h: "#/health", p: "#/plan", m: "#/maps", a: "#/answers", l: "#/clusters", c: "#/controls", f: "#/findings", d: "#/changes", v: "#/coverage" }[event.key]; if (to) location.hash = to; went = 0; }
  });
  show();
})();
