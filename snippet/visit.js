// Who is visiting, what brought them, and which numbers are they lent?
//
// Owns the facts of the visit, what is stored of it, and the conversation with the service. Nothing
// is stored or sent while it is not allowed.

const KEY = `ringledger:${site}`;
const KEPT = /^(utm_.+|(gcl|[gw]bra|fbcl|msclk)id)$/;
const TOUCH_LASTS = 30 * 86400e3;
const PATIENCE = 5e3;
const LONGEST_PAUSE = 3600e3;
const BETWEEN_PAGES = 10e3;
const BODY_BYTES = 8e3;

let consented = option('consent') !== 'required';
// The service does not want this visit: it is not asked again on this page.
let unwanted = false;
let visit;
let touch;
let tags = {};
// What is stored, for where storage is blocked: then the visit lives as long as the page.
let memory;
let asking;
let askedAt = 0;
let failures = 0;
let due = 0;
let timer;

const allowed = () => consented && !refused && !unwanted;
const page = () => location.href.slice(0, 1000);
const short = (value) => `${value}`.slice(0, 256);
const isOver = (one) => Date.parse(one.expires_at) < Date.now();

// Write down what is known; whether it is shared with other tabs.
function store() {
  memory = JSON.stringify({ visit, touch, tags });
  return attempt(() => !localStorage.setItem(KEY, memory));
}

// A visit as it is stored or answered, without a token where nothing is lent; throws where it is none.
function understood(answer) {
  if (!Date.parse(answer.expires_at)) throw Error();
  answer.numbers = answer.numbers.filter(({ find, number }) => E164.test(find) && E164.test(number));
  return answer;
}

// Take over what is stored, by this page earlier or by another tab.
function recall() {
  attempt(() => (memory = localStorage.getItem(KEY)));
  const record = attempt(() => JSON.parse(memory)) ?? {};
  visit = attempt(() => understood(record.visit));
  if (visit && !isOver(visit)) tags = { ...record.tags, ...tags };
  touch ??= arrival();
  const earlier = record.touch;
  const tells = touch.referrer || Object.keys(touch.attributes)[0];
  if (
    Date.now() - earlier?.at < TOUCH_LASTS &&
    (firstTouch || !tells || earlier.at > touch.at)
  ) touch = earlier;
}

function nameOf(name) {
  return `${name}`.toLowerCase().replace(/\W/g, '_').replace(/^[^a-z]+/, '').slice(0, 32);
}

// What this page view tells of where the visitor comes from.
function arrival() {
  const attributes = {};
  const wanted = option('tags').split(/\s+/).map(nameOf);
  new URLSearchParams(location.search).forEach((value, name) => {
    name = nameOf(name);
    if (name && value && (KEPT.test(name) || wanted.includes(name))) attributes[name] = short(value);
  });
  const from = attempt(() => new URL(document.referrer));
  const elsewhere = from && from.host !== location.host;
  const keyword = attributes.utm_term || (elsewhere && from.searchParams.get('q'));
  if (keyword) attributes.keyword = short(keyword);
  return {
    landing_page: page(),
    referrer: elsewhere ? from.href.slice(0, 1000) : '',
    attributes,
    at: Date.now(),
  };
}

function requestBody() {
  const { landing_page, referrer } = touch;
  const facts = { site, token: visit?.token, page: page(), landing_page, referrer };
  const attributes = Object.entries({ ...touch.attributes, ...tags }).slice(0, 40);
  for (;; attributes.pop()) {
    facts.attributes = Object.fromEntries(attributes);
    const body = JSON.stringify(facts);
    if (!attributes[0] || new Blob([body]).size <= BODY_BYTES) return body;
  }
}

async function ask() {
  recall();
  askedAt = Date.now();
  const own = asking;
  setTimeout(() => own.abort(), PATIENCE);
  const response = await fetch(`${service}/visits`, {
    method: 'POST',
    body: requestBody(),
    credentials: 'omit',
    signal: own.signal,
  });
  const { status } = response;
  if (status > 499 || status === 429) throw Error(status);
  const answer = status < 400 ? understood(await response.json()) : undefined;
  if (!allowed()) return;
  visit = answer;
  unwanted = !answer;
  store();
  show(answer ? answer.numbers : []);
}

async function beat() {
  if (asking || !allowed() || document.hidden) return;
  asking = new AbortController();
  due = Infinity;
  recall();
  try {
    // One tab asks at a time, so that tabs that open together share one visit.
    const locks = store() && navigator.locks;
    await (locks ? locks.request(KEY, ask) : ask());
    failures = 0;
  } catch {
    failures++;
    // A number that is nobody's any more may soon be somebody else's.
    if (visit && isOver(visit)) show([]);
  }
  asking = undefined;
  const pause = Math.max(10, +visit?.heartbeat_seconds || 60) * 1e3;
  // What was learned of the visitor meanwhile is told as soon as it would have been.
  beatIn(Math.min(pause * 2 ** failures, LONGEST_PAUSE, due - Date.now()));
}

function beatIn(milliseconds) {
  clearTimeout(timer);
  due = Date.now() + milliseconds;
  if (!document.hidden) timer = setTimeout(beat, milliseconds);
}

// The visitor is on another page of the same document, or is better known: the service learns of
// it soon, once for many steps, and not while it fails.
function moved() {
  const wait = Math.max(1e3, askedAt + BETWEEN_PAGES - Date.now());
  if (!failures && Date.now() + wait < due) beatIn(wait);
}

// The page is looked at, or comes back from the browser's cache of pages.
function wake() {
  if (allowed()) follow();
  beatIn(Math.max(0, due - Date.now()));
}

// Show what is stored now.
function follow() {
  recall();
  if (!visit || !isOver(visit)) show(visit?.numbers ?? []);
}

function withdraw() {
  consented = false;
  asking?.abort();
  tags = {};
  erase();
  follow();
}

function erase() {
  memory = undefined;
  attempt(() => localStorage.removeItem(KEY));
}
