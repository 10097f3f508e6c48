// What does the tag on the page ask for?
//
// Owns reading its attributes, and whether this browser's owner refuses to be followed. Nothing
// here is read again later.

const tag = document.currentScript;

function option(name) {
  return (tag?.getAttribute(`data-${name}`) ?? '').trim();
}

const site = option('site');
const service = site && (option('service') || new URL(tag.src).origin);
const firstTouch = option('touch') === 'first';
const intoFrames = site && tag.hasAttribute('data-frames');

// A signal counts only where the tag says so, and then no consent outweighs it.
const honoured = option('privacy');
const refused =
  (/\bgpc\b/.test(honoured) && navigator.globalPrivacyControl) ||
  (/\bdnt\b/.test(honoured) && navigator.doNotTrack === '1');

// What the work gives, or nothing where the browser forbids it or the text makes no sense.
function attempt(work) {
  try {
    return work();
  } catch {
    // Then it is done without.
  }
}
