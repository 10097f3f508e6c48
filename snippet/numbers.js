// Which digits of a text are a configured number, and how is another one written in their place?
//
// Owns the written forms of a number and the boundaries around it. It changes no page: it is given
// text and answers text.

// Stands between the texts of two nodes. It is no letter, so that a number may begin a node that
// follows a word; beside a digit it marks a longer number, as a hyphen does.
const JOINT = '\u2060';
const E164 = /^\+[1-9]\d{6,14}$/;
const DIGITS = /[\d\u0660-\u0669\u06f0-\u06f9\uff10-\uff19]+/g;
const DIGIT = RegExp(DIGITS.source);
const LETTER = /[a-z]/i;
// White space, brackets, dots, dashes, and the marks that set a direction of writing.
const GAP = /[\s()[\]./\-\xad\xb7\u2000-\u206f\u2212]/;
// By value of the sign in base 36: the letters as they lie on the keypad of a telephone.
const KEYPAD = '012345678922233344455566677778889999';
// What shows that the digits are a part of something longer: a code, a decimal, a number abroad.
const LONGER_BEFORE = /\w$|\d[-.\u2060]$|\+\d{1,3}\W{0,4}$/;
const LONGER_AFTER = /^(?!x|ext)\w|^[-.\u2060]\d/i;

// The configured numbers, each with the number that this visit was lent for it.
let lent = new Map();
// Every number that may stand on the page, and the configured one it stands for: itself, or one it
// was written for earlier. An empty word where that cannot be told.
const standsFor = new Map();
// Digits as a page writes them -> [number, the configured one it stands for, which form it is].
const known = new Map();

const inNorthAmerica = (e164) => e164[1] === '1';

// The digits of a number as they are written, in an order that is the same for all of its country.
// Elsewhere than in North America the country's own digits may be one, two or three, and its
// numbers may begin with a 0 at home; the forms that nobody uses are digits that nobody writes.
function forms(e164) {
  const all = e164.slice(1);
  const abroad = [all, `00${all}`, `011${all}`, all.slice(1)];
  if (inNorthAmerica(e164)) return abroad;
  for (const end of [1, 2, 3]) {
    const rest = all.slice(end);
    abroad.push(rest, `0${rest}`, `${all.slice(0, end)}0${rest}`);
  }
  return abroad;
}

function lend(pairs) {
  lent = new Map();
  for (const { find, number } of pairs) {
    lent.set(find, number);
    standsFor.set(find, find);
  }
  for (const [find, number] of lent) {
    const other = standsFor.get(number) ?? find;
    standsFor.set(number, other === find || other === number ? other : '');
  }
  known.clear();
  for (const [e164, find] of standsFor) {
    forms(e164).forEach((digits, form) => {
      if (find && digits.length > 6) known.set(digits, [e164, find, form]);
    });
  }
}

// The number known to begin at `start`: where it ends, how many digits it has, and what it is.
function readAt(text, start) {
  let digits = '';
  for (let at = start, gap = 0; digits.length < 19 && gap < 6; at++) {
    const sign = text.charAt(at);
    const letter = LETTER.test(sign);
    if (letter ? digits.length > 2 : DIGIT.test(sign)) {
      // The digits of every script begin at a multiple of sixteen.
      digits += KEYPAD[parseInt(sign, 36)] ?? sign.charCodeAt(0) & 15;
      gap = 0;
      let end = at + 1;
      // Letters past the last digit belong to the word; nobody dials them.
      while (letter && known.has(digits) && LETTER.test(text.charAt(end))) end++;
      if (known.has(digits) && !LONGER_AFTER.test(text.slice(end, end + 3))) {
        return [end, digits.length, ...known.get(digits)];
      }
    } else if (!GAP.test(sign)) return;
    // White space counts for nothing, however much of it the source of a page has.
    else if (sign.trim()) gap++;
  }
}

// Write `number` into the signs of the text, keeping what stands between its digits.
function writeAt(signs, start, end, count, digits) {
  let written = 0;
  let gap = '-';
  for (let at = start, before = ''; at < end; at++) {
    const sign = signs[at];
    if (digits.length !== count) {
      // Another length has no place in the page's grouping.
      signs[at] = at > start ? '' : digits;
    } else if (GAP.test(sign)) gap = sign;
    else {
      const zero = LETTER.test(sign) ? 48 : sign.charCodeAt(0) & ~15;
      signs[at] = written < count ? String.fromCharCode(zero + +digits[written]) : '';
      // A word has no gap before its last four digits; a number is read with one.
      if (++written === count - 3 && LETTER.test(sign) && LETTER.test(before)) {
        signs[at] = gap + signs[at];
      }
    }
    before = sign;
  }
}

// The signs of the text with every configured number replaced; nothing when it holds none.
function rewritten(text) {
  let signs;
  DIGITS.lastIndex = 0;
  for (let run; (run = DIGITS.exec(text)); ) {
    const start = run.index;
    if (LONGER_BEFORE.test(text.slice(0, start).slice(-9))) continue;
    const found = readAt(text, start);
    if (!found) continue;
    const [end, count, shown, find, form] = found;
    const number = lent.get(find) ?? find;
    DIGITS.lastIndex = end;
    if (number === shown) continue;
    signs ??= text.split('');
    const country = find.slice(0, inNorthAmerica(find) ? 2 : 3);
    const abroad = text[start - 1] === '+' ? number.slice(1) : number;
    writeAt(signs, start, end, count, number.startsWith(country) ? forms(number)[form] : abroad);
  }
  return signs;
}
