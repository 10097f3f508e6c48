// What may a page do with the snippet, and when does it begin?
//
// Owns `window.ringledger` and the events that wake the other parts.

const ringledger = {
  // The number shown for a configured one, in E.164; what was asked where there is none.
  number(find) {
    if (!find) return pairs()[0]?.number;
    return lent.get(known.get(`${find}`.replace(/\D/g, ''))?.[1]) ?? find;
  },
  visit: () => visit && { ...visit },
  swap: (root = document) => pass(() => watch(root)),
  tag(name, value) {
    name = nameOf(name);
    if (name) tags[name] = short(value);
    moved();
  },
  consent(given) {
    if (!given) return withdraw();
    consented = true;
    wake();
  },
};

function start() {
  window.ringledger = ringledger;
  tell('ready');
  if (refused) return erase();
  for (const name of ['pushState', 'replaceState']) {
    const original = history[name];
    history[name] = function (...given) {
      original.apply(this, given);
      moved();
    };
  }
  addEventListener('popstate', moved);
  addEventListener('pageshow', (event) => event.persisted && wake());
  // Another tab knows more, or its visitor has withdrawn consent.
  addEventListener('storage', ({ key, newValue }) => {
    if (key === KEY) newValue ? wake() : withdraw();
  });
  document.addEventListener('visibilitychange', () => !document.hidden && wake());
  follow();
  beat();
}

if (site && !window.ringledger?.swap) start();
