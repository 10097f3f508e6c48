// Where on the page are the numbers, now and after it changes?
//
// Owns reading and writing the page: texts, links and accessible names, open shadow roots, frames
// where the tag allows them, and watching all of these. Which digits are a number belongs to
// numbers.js. Methods are taken from the prototypes, since a form's fields may hide its own.

const { matches, closest, getAttribute, setAttribute, attachShadow } = Element.prototype;
const SKIPPED =
  'script,style,textarea,noscript,template,select,[data-ringledger-ignore],' +
  '[contenteditable]:not([contenteditable=false])';
// A number may be split over these; any other element ends it.
const INLINE =
  /^(a|abbr|b|bdi|em|font|i|label|mark|nobr|small|span|strong|su[bp]|tspan|u|wbr)$/;
const NAMES = ['href', 'title', 'alt', 'aria-label', 'aria-description'];
// How far a number may reach among the siblings of what changed.
const NEIGHBOURS = 32;
// So often within a second a page may undo what was written before it is given a rest.
const PASSES = 50;

// What was written where: node -> name of the attribute ('' for text) -> [original, written].
const originals = new WeakMap();
const roots = new Set();
let visited = new Set();
let writes = 0;
let passes = 0;

const observer = new MutationObserver(onChange);

// What the page itself says there, whatever was written over it; it may have added to the end.
function originalOf(node, name, value) {
  const kept = originals.get(node)?.[name];
  if (!kept) return value;
  const [original, written] = kept;
  const ours = written ? value.startsWith(written) : !value;
  return ours ? original + value.slice(written.length) : value;
}

function put(node, name, value, original, text) {
  if (text === value) return;
  const all = originals.get(node) ?? { __proto__: null };
  originals.set(node, all);
  all[name] = [original, text];
  if (name) setAttribute.call(node, name, text);
  else node.data = text;
  writes++;
}

function swapAttributes(element) {
  for (const name of NAMES) {
    const value = getAttribute.call(element, name);
    if (!value) continue;
    const original = originalOf(element, name, value);
    let text = name !== 'href' && rewritten(original)?.join('');
    if (name === 'href' && /^\s*(tel|callto):/i.test(original)) {
      text = attempt(() => encodeURI(rewritten(decodeURIComponent(original)).join('')));
    }
    put(element, name, value, original, text || original);
  }
}

// Texts that follow one another within a line are read as one.
function swapTexts(nodes) {
  if (!nodes.some((node) => DIGIT.test(node.data) || originals.has(node))) return;
  const texts = nodes.map((node) => originalOf(node, '', node.data));
  const signs = rewritten(texts.join(JOINT));
  let at = 0;
  nodes.forEach((node, index) => {
    const text = texts[index];
    const end = at + text.length;
    put(node, '', node.data, text, signs ? signs.slice(at, end).join('') : text);
    at = end + 1;
  });
}

function isInline(node) {
  // Texts and comments have no name.
  return node && INLINE.test(node.localName ?? 'a');
}

function blockOf(node) {
  do node = node.parentNode;
  while (node && INLINE.test(node.localName));
  return node;
}

// The siblings from `first` to `last`, with all that is in them.
function walk(first, last) {
  let texts = [];
  let block;
  const flush = () => {
    if (texts.length) swapTexts(texts);
    texts = [];
  };
  for (let root = first; root; root = root === last ? null : root.nextSibling) {
    const walker = document.createTreeWalker(root, 5);
    for (let node = root, inside; node; node = inside ? walker.nextNode() : beyond(walker)) {
      inside = true;
      visited.add(node);
      const type = node.nodeType;
      if (type === 3) {
        const here = blockOf(node);
        if (here !== block) flush();
        block = here;
        texts.push(node);
      } else if (!(type > 3)) {
        if (!INLINE.test(node.localName)) flush();
        inside = enter(node);
      }
    }
  }
  flush();
}

// The next node that is not inside the walker's current one.
function beyond(walker) {
  for (;;) {
    const next = walker.nextSibling();
    if (next || !walker.parentNode()) return next;
  }
}

// Swap what an element says itself; whether what is in it is to be swapped too.
function enter(element) {
  if (matches.call(element, SKIPPED)) return false;
  swapAttributes(element);
  if (element.shadowRoot) watch(element.shadowRoot);
  if (element.localName === 'iframe') {
    if (intoFrames) enterFrame(element);
    return false;
  }
  return true;
}

function enterFrame(frame) {
  if (!roots.has(frame)) {
    roots.add(frame);
    frame.addEventListener('load', () => enterFrame(frame));
  }
  // Nothing of a frame of another origin is to be had.
  if (frame.contentDocument) watch(frame.contentDocument);
}

function watch(root) {
  if (visited.has(root)) return;
  roots.add(root);
  observer.observe(root, {
    subtree: true,
    childList: true,
    characterData: true,
    attributeFilter: NAMES,
  });
  walk(root, root);
}

// A node has come or changed: read it again, with what it stands between.
function refresh(node) {
  const element = node.nodeType === 3 ? node.parentElement : node;
  if (!node.isConnected || node.nodeType > 3 || (element && closest.call(element, SKIPPED))) return;
  let first = node;
  let last = node;
  if (isInline(node)) {
    while (INLINE.test(first.parentNode.localName)) first = first.parentNode;
    last = first;
    for (let n = NEIGHBOURS; n-- && isInline(first.previousSibling); ) first = first.previousSibling;
    for (let n = NEIGHBOURS; n-- && isInline(last.nextSibling); ) last = last.nextSibling;
  }
  walk(first, last);
}

function onChange(records) {
  if (passes <= PASSES) pass(() => readChanges(records));
}

function readChanges(records) {
  for (const { type, target, addedNodes } of records) {
    if (type === 'attributes') {
      closest.call(target, SKIPPED) || swapAttributes(target);
    } else for (const node of type === 'childList' ? addedNodes : [target]) {
      if (!visited.has(node)) refresh(node);
    }
  }
}

// One pass over the page, or over what changed. Its own changes are no news.
function pass(work) {
  visited = new Set();
  const before = writes;
  readChanges(observer.takeRecords());
  work();
  observer.takeRecords();
  visited = new Set();
  if (writes > before) {
    // A page that writes against us has the word for the rest of the second, then all is read again.
    if (!passes++) setTimeout(rest, 1e3);
    tell('swapped', { numbers: pairs() });
  }
}

function rest() {
  const missed = passes > PASSES;
  passes = 0;
  if (missed) swapAll();
}

function pairs() {
  return [...lent].map(([find, number]) => ({ find, number }));
}

function tell(name, detail) {
  document.dispatchEvent(new CustomEvent(`ringledger:${name}`, { detail }));
}

function swapAll() {
  pass(() => {
    for (const root of roots) {
      // The document of a frame that is gone has no window any more.
      if (!root.isConnected || root.defaultView === null) roots.delete(root);
      else if (!visited.has(root)) walk(root, root);
    }
  });
}

// Show these numbers from now on, wherever they stand; an empty list gives the page its own back.
function show(numbers) {
  if (JSON.stringify(numbers) === JSON.stringify(pairs())) return;
  lend(numbers);
  if (roots.has(document)) return swapAll();
  Element.prototype.attachShadow = function (init) {
    const root = attachShadow.call(this, init);
    if (init.mode === 'open') watch(root);
    return root;
  };
  pass(() => watch(document));
}
