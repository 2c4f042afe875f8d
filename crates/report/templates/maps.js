"use strict";
// The maps: which is shown, of when and of what. Those of the fleet stand in the page; those of one cluster are drawn here.
const maps = (() => {
  const section = document.getElementById("maps"), one = document.getElementById("map-one");
  const tabs = [...section.querySelectorAll("[data-kind]")], whens = [...section.querySelectorAll("button[data-when]")];
  const of = document.getElementById("map-of"), fit = document.getElementById("map-fit");
  const kinds = tabs.map((tab) => [tab.dataset.kind, tab.textContent]);
  let kept, kind = kinds[0][0], place = "", after = false;
  const data = () => (kept ||= JSON.parse(document.getElementById("map-data").textContent));

  const node = (space, name, attributes, inside) => {
    const made = space ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...inside);
    return made;
  };
  const svg = (name, attributes, ...inside) => node(true, name, attributes, inside.flat());
  const el = (name, attributes, ...inside) => node(false, name, attributes, inside.flat());
  const short = (words, most) => { const letters = [...words]; return letters.length > most ? letters.slice(0, most - 1).join("") + "…" : words; };
  const middle = (words, most) => {
    const letters = [...words], half = (most - 1) >> 1;
    return letters.length > most ? letters.slice(0, most - 1 - half).join("") + "…" + letters.slice(-half).join("") : words;
  };

  const draw = (title, [width, height, lanes, nodes, edges], heads) => {
    const { texts, tones, node: [wide, bend, head] } = data();
    const top = head - 42, low = height - 40 - top;
    const picture = svg("svg", { viewBox: [0, top, width, low].join(" "), width, height: low, role: "group", "aria-label": title });
    lanes.forEach((x, at) => picture.append(svg("text", { x, y: head - 14, class: "h" }, heads[at]), svg("line", { x1: x, x2: x + wide, y1: head - 7, y2: head - 7, class: "h" })));
    const sorted = edges.map(([from, to, y1, y2, now, tone, later, changed]) => ({
      x1: lanes[nodes[from][0]] + wide, y1, x2: lanes[nodes[to][0]], y2, label: texts[after ? later : now], tone: after ? changed : tone,
    })).sort((a, b) => a.tone - b.tone);
    for (const { x1, y1, x2, y2, tone } of sorted) {
      const turn = x1 + bend / 2;
      picture.append(svg("path", { d: `M${x1} ${y1} C${turn} ${y1} ${turn} ${y2} ${x1 + bend} ${y2} H${x2 - 7}`, class: "e " + tones[tone] }), svg("path", { d: `M${x2} ${y2} l-8 -4 v8 z`, class: "p " + tones[tone] }));
    }
    for (const { x1, y2, label, tone } of sorted) if (label) picture.append(svg("text", { x: x1 + bend + 4, y: y2 - 4, class: "l " + tones[tone] }, short(label, 32), svg("title", {}, label)));
    for (const [lane, y, tall, label, now, later, detail] of nodes) {
      const x = lanes[lane], first = y + (tall - detail.length * 14) / 2 + 5, words = detail.map((line) => texts[line]);
      picture.append(svg("g", { class: "n " + tones[after ? later : now] }, svg("title", {}, [texts[label], ...words].join("\n")),
        svg("rect", { x, y, width: wide, height: tall, rx: 6, class: "box" }), svg("rect", { x, y, width: 5, height: tall, rx: 2, class: "side" }),
        svg("text", { x: x + 13, y: first, class: "t" }, middle(texts[label], 23)), words.map((line, at) => svg("text", { x: x + 13, y: first + (at + 1) * 14, class: "d" }, short(line, 33)))));
    }
    return picture;
  };

  const inWords = ([, , , nodes, edges], id) => {
    const { texts, tones } = data();
    const rows = edges.map(([from, to, , , now, tone, later, changed]) => ({ from: texts[nodes[from][3]], to: texts[nodes[to][3]], label: texts[after ? later : now], tone: after ? changed : tone })).sort((a, b) => b.tone - a.tone);
    const meaning = Object.fromEntries([...section.querySelectorAll(".map-legend li")].map((item) => [item.querySelector("g").getAttribute("class").slice(2), item.textContent]));
    return el("div", { class: "wide" }, el("table", { "aria-labelledby": id }, el("thead", {}, el("tr", {}, ["Is", "From", "By", "To"].map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, rows.map((row) => el("tr", {}, el("td", {}, el("span", { class: "tag tone-" + tones[row.tone] }, meaning[tones[row.tone]])), el("td", {}, row.from), el("td", {}, row.label), el("td", {}, row.to))))));
  };

  const ofCluster = () => {
    const found = data().clusters[place], at = data().kinds.indexOf(kind), name = [...of.options].find((option) => place !== "" && option.value === place)?.textContent;
    if (name === undefined) return one.replaceChildren(el("h2", {}, "No such cluster"), el("p", {}, "This report has no cluster of that place. ", el("a", { href: "#/maps/" + kind }, "Back to the whole fleet")));
    const heading = el("h2", { id: "map-one-title" }, kinds[at][1] + " of " + name + (after ? ", after the plan" : ", now"));
    const back = el("p", { class: "crumb" }, el("a", { href: "#/maps/" + kind + (after ? "?after" : "") }, "The whole fleet"), " · ", el("a", { href: "#/cluster/" + place }, "Its findings"));
    if (!found) return one.replaceChildren(back, heading, el("p", {}, "This page has room for the maps of the clusters with the worst findings, and this is none of them. ", el("code", {}, "palisade map " + kind + " SNAPSHOT --cluster NAME"), " draws it."));
    const map = found[at];
    one.replaceChildren(back, heading, el("figure", { class: "map" }, el("div", { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": "map-one-title" }, draw(heading.textContent, map, data().lanes[at]))),
      el("h3", { id: "map-one-words" }, "The same in words"), inWords(map, "map-one-words"));
  };

  const scroller = () => [...section.querySelectorAll(".scroll")].find((box) => box.checkVisibility());
  const address = () => "#/maps/" + kind + (place === "" ? "" : "/" + place) + (after ? "?after" : "");
  const render = () => {
    const before = scroller(), left = before?.scrollLeft, top = before?.scrollTop;
    for (const tab of tabs) {
      tab.setAttribute("href", "#/maps/" + tab.dataset.kind + (place === "" ? "" : "/" + place) + (after ? "?after" : ""));
      if (tab.dataset.kind === kind) tab.setAttribute("aria-current", "page"); else tab.removeAttribute("aria-current");
    }
    for (const button of whens) button.setAttribute("aria-pressed", String((button.dataset.when === "after") === after));
    for (const map of section.querySelectorAll("[data-map]")) map.hidden = place !== "" || map.dataset.map !== kind;
    for (const view of section.querySelectorAll(".map-view")) view.hidden = (view.dataset.when === "after") !== after;
    of.value = place;
    one.hidden = place === "";
    if (place === "") one.replaceChildren(); else ofCluster();
    // What somebody looks at stays where it is.
    const behind = scroller();
    if (before && behind) { behind.scrollLeft = left; behind.scrollTop = top; }
  };
  for (const button of whens) button.addEventListener("click", () => {
    after = button.dataset.when === "after";
    history.replaceState(null, "", address());
    render();
  });
  of.addEventListener("change", () => { place = of.value; history.replaceState(null, "", address()); render(); });
  // On a wide screen the whole first; on a narrow one nobody could read it.
  if (matchMedia("(min-width: 64rem)").matches) { section.classList.add("fit"); fit.setAttribute("aria-pressed", "true"); }
  fit.addEventListener("click", () => fit.setAttribute("aria-pressed", String(section.classList.toggle("fit"))));
  section.querySelector("form").addEventListener("submit", (event) => event.preventDefault());

  const show = (asked, later) => {
    const [name, id] = asked.split("/");
    kind = kinds.some(([known]) => known === name) ? name : kinds[0][0];
    place = id || "";
    after = later && whens.length > 0;
    render();
  };
  return { show, kinds };
})();
