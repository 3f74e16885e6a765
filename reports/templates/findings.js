"use strict";
// The list of findings: filters kept in the address, rows that open to their evidence.
// Outside text only ever becomes text nodes; DataTables gets it escaped and never searches it.
(() => {
  const PER_PAGE = 25;
  const MOST_PRINTED = 400;
  const FILTERS = ["state", "item", "school", "platform", "grade"];
  const DEFAULT_STATE = "any-open";

  const narrow = matchMedia("screen and (max-width: 46rem)");
  const table = document.getElementById("findings-table");
  const form = document.getElementById("filters");
  const packed = document.getElementById("findings-data");
  const findings = packed ? unpack(JSON.parse(packed.textContent)) : null;
  const rows = findings ? findings.map(facetsOfFinding) : [...table.tBodies[0].rows].map(facetsOfRow);
  if (!findings) rows.forEach(takeDetails);
  const wanted = { text: "" };
  const grid = new DataTable(table, findings ? { ...options(), data: findings, columns: columns() }
    : { ...options(), columnDefs: [{ targets: "_all", type: "string", searchable: false }] });

  document.getElementById("without-script")?.remove();
  form.hidden = false;
  form.addEventListener("input", () => { readForm(); writeAddress(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("filter-clear").addEventListener("click", () => { form.reset(); readForm(); writeAddress(); });
  table.addEventListener("click", (event) => {
    const button = event.target.closest("button.opener");
    if (button) toggle(button);
  });
  window.addEventListener("hashchange", followAddress);
  narrow.addEventListener("change", fitColumns);
  window.addEventListener("beforeprint", () => preparePrint());
  window.addEventListener("afterprint", () => grid.page.len(PER_PAGE).draw());
  grid.search.fixed("filters", (_text, _data, place) => matches(rows[place]));
  if (narrow.matches) fitColumns();
  readAddress();

  function options() {
    return {
      autoWidth: false,
      order: [],
      pageLength: PER_PAGE,
      layout: { topStart: "info", topEnd: null, bottomStart: null, bottomEnd: "paging" },
      language: {
        info: "Showing _START_ to _END_ of _TOTAL_ findings",
        infoEmpty: "Showing no findings",
        infoFiltered: "(of _MAX_ in all)",
        zeroRecords: "No finding fits these filters.",
      },
    };
  }

  function columns() {
    const text = DataTable.render.text();
    const column = (data, more) => ({ data, render: text, type: "string", searchable: false, ...more });
    return [
      column("summary", { render: { display: openerOf, filter: () => "" } }),
      column("schools", { className: "wide-only" }),
      column("platform_title", { className: "wide-only" }),
      column("item", { className: "wide-only" }),
      column("grade_short", { render: { display: (value) => make("span", value, "badge"), filter: () => "" } }),
      column("state_title", { render: { display: stateOf, filter: () => "" } }),
      column("first_seen_day", { className: "wide-only", render: { display: dayOf, filter: () => "" } }),
    ];
  }

  // What the filters look at.

  function unpack({ fields, evidence, texts, findings: packedRows }) {
    const value = (v) => (typeof v === "number" ? texts[v] : Array.isArray(v) ? v.map(value) : v);
    const named = (names, values) => Object.fromEntries(names.map((name, i) => [name, value(values[i])]));
    const place = fields.indexOf("evidence");
    return packedRows.map((row) => ({ ...named(fields, row), evidence: row[place].map((line) => named(evidence, line)) }));
  }

  function facetsOfFinding(finding) {
    return {
      state: finding.in_states, item: [finding.item], school: finding.in_schools,
      platform: [finding.platform], grade: [finding.grade],
      text: () => wordsOf(finding), details: () => detailsOf(finding),
    };
  }

  function facetsOfRow(row) {
    const { state, item, platform, grade } = row.dataset;
    return {
      state: state.split(" "), item: [item], school: [],
      platform: [platform], grade: [grade], element: row, content: row.querySelector(".details"),
      text() { return `${this.element.textContent}\n${this.content.textContent}`; },
      details() { return this.content; },
    };
  }

  // Without a script the evidence opens inside its cell; with one it gets a row of its own.
  function takeDetails(row) {
    const [summary] = row.element.getElementsByTagName("summary");
    summary.parentNode.replaceWith(openerWith([...summary.childNodes]));
  }

  function wordsOf(value) {
    return typeof value === "string" ? value
      : value && typeof value === "object" ? Object.values(value).map(wordsOf).join("\n") : "";
  }

  function matches(row) {
    if (!FILTERS.every((name) => !wanted[name] || row[name].includes(wanted[name]))) return false;
    if (!wanted.text) return true;
    row.words ??= row.text().toLowerCase();
    return row.words.includes(wanted.text);
  }

  // The form, the address and the table say the same.

  function fieldOf(name) {
    return document.getElementById(`filter-${name}`);
  }

  function readForm() {
    for (const name of FILTERS) wanted[name] = fieldOf(name)?.value ?? "";
    wanted.text = fieldOf("text").value.trim().toLowerCase();
    grid.draw();
  }

  function writeAddress() {
    const address = new URLSearchParams();
    for (const name of FILTERS) {
      const chosen = wanted[name];
      if (name === "state" ? chosen !== DEFAULT_STATE : chosen) address.set(name, chosen);
    }
    if (wanted.text) address.set("text", wanted.text);
    history.replaceState(null, "", `#${address}`);
  }

  function readAddress() {
    const address = new URLSearchParams(location.hash.slice(1));
    form.reset();
    for (const name of [...FILTERS, "text"]) {
      const field = fieldOf(name);
      const value = address.get(name);
      const isOffered = name === "text" || [...(field?.options ?? [])].some((option) => option.value === value);
      if (value !== null && isOffered) field.value = value;
    }
    readForm();
  }

  function followAddress() {
    if (location.hash.length > 1 && !location.hash.includes("=")) return;
    readAddress();
    document.getElementById("findings").focus();
    form.scrollIntoView({ block: "center" });
  }

  function preparePrint() {
    grid.page.len(MOST_PRINTED).draw();
    const shown = grid.rows({ search: "applied" }).count();
    document.getElementById("printed").textContent = shown > MOST_PRINTED
      ? `The first ${MOST_PRINTED} of ${shown} findings that fit the filters; narrow the filters to print others.`
      : `${shown} findings that fit the filters.`;
  }

  // Cells and details, built of text nodes.

  function make(name, text, className) {
    const node = document.createElement(name);
    if (text !== undefined) node.textContent = text;
    if (className) node.className = className;
    return node;
  }

  function nest(name, children, className) {
    const node = make(name, undefined, className);
    node.append(...children);
    return node;
  }

  function openerOf(_summary, _type, finding) {
    const subject = finding.subject ? [" ", make("bdi", finding.subject, "subject")] : [];
    return openerWith([make("bdi", finding.summary, "headline"), ...subject]);
  }

  function openerWith(children) {
    const opener = nest("button", children, "opener");
    opener.type = "button";
    opener.setAttribute("aria-expanded", "false");
    return opener;
  }

  function stateOf(_title, _type, finding) {
    const state = make("span", finding.state_title);
    if (finding.in_states.includes("new")) state.append(" ", make("span", "New", "badge new"));
    return state;
  }

  function dayOf(_day, _type, finding) {
    const day = make("time", finding.first_seen);
    day.dateTime = finding.first_seen_day;
    return day;
  }

  function toggle(button) {
    const row = grid.row(button.closest("tr"));
    const opens = !row.child.isShown();
    if (opens && !row.child()) row.child(rows[row.index()].details(), "details-row");
    if (opens) row.child.show(); else row.child.hide();
    button.setAttribute("aria-expanded", String(opens));
  }

  // On a narrow screen the details say what the columns left out would.
  function fitColumns() {
    grid.columns(".wide-only").visible(!narrow.matches);
  }

  function detailsOf(finding) {
    const about = [
      fact("Check", finding.rule), fact("Grade", finding.grade_full), fact("Looks like", finding.affiliation),
      fact("Account", finding.url, finding.is_link), fact("School", finding.schools), fact("Platform", finding.platform_title),
      fact("Last change", finding.change_title), fact("Exempt until", finding.until),
      fact("First seen", finding.first_seen), fact("Last seen", finding.last_seen), fact("Reference", finding.key),
    ];
    return nest("div", [
      ...part("What was compared", finding.evidence.length && nest("ul", finding.evidence.map(evidenceOf), "evidence")),
      ...part("Why it is listed", sentences(finding.reasons)),
      ...part("Why this may be wrong", sentences(finding.doubts)),
      ...part("The employee's statement", finding.statement && nest("blockquote", [make("bdi", finding.statement)])),
      ...part("What the policy says", finding.policy_sentence && nest("blockquote", [make("bdi", finding.policy_sentence)])),
      ...part("How to dispute this", nest("p", [make("bdi", finding.dispute)])),
      ...part("About this finding", nest("dl", about.flat())),
    ], "details");
  }

  function part(title, content) {
    return content ? [make("h3", title), content] : [];
  }

  function sentences(texts) {
    return texts.length && nest("ul", texts.map((text) => nest("li", [make("bdi", text)])));
  }

  function evidenceOf(line) {
    return nest("li", [nest("p", [make("bdi", line.what)]), nest("dl", [
      fact("The district's records", line.ours), fact("Found", line.theirs), fact("Source", line.source),
      fact("Where", line.url, line.is_link), fact("Seen", line.seen_at),
    ].flat())]);
  }

  function fact(name, text, isLink) {
    if (!text) return [];
    return [nest("div", [make("dt", name), nest("dd", [isLink ? linkTo(text) : make("bdi", text)])])];
  }

  function linkTo(url) {
    if (!/^https?:\/\//i.test(url)) return make("bdi", url);
    const link = nest("a", [make("bdi", url)]);
    link.href = url;
    link.rel = "noopener noreferrer nofollow";
    return link;
  }
})();
