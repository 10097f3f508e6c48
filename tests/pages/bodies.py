"""Pages as sites have them, with the number 800-555-0100: an application, a large one, one that is
read from the right, and one that makes every effort to break a script."""

REACT = """
<div id=root></div>
<script src=/vendor/react.production.min.js></script>
<script src=/vendor/react-dom.production.min.js></script>
<script>
const {createElement: e, useState} = React;
function Shop() {
  const [view, show] = useState('home');
  const [times, again] = useState(0);
  const go = (name) => { history.pushState({}, '', '/' + name); show(name); };
  return e('main', null,
    e('nav', null, e('button', {onClick: () => go('contact')}, 'Contact'),
      e('button', {onClick: () => go('home')}, 'Home'),
      e('button', {onClick: () => again(times + 1)}, 'Again')),
    view === 'home'
      ? e('p', {id: 'home'}, 'Call ', e('b', null, '(800)'), ' 555-', '0100', ' (', times, ')')
      : e('p', {id: 'contact'}, e('a', {href: 'tel:+18005550100'}, '800.555.0100')));
}
ReactDOM.createRoot(document.getElementById('root')).render(e(Shop));
</script>
"""
THOUSAND = "<ul>{}</ul>".format(
    "".join(
        f"<li><b>Row {n}</b><i>{'(800) 555-0100' if n % 2 == 0 else 'nothing 555'}</i></li>"
        for n in range(2000)
    )
)
"""A thousand numbers in ten thousand nodes."""
RIGHT_TO_LEFT = (
    "<main dir=rtl lang=he><p>חייגו \u200e800-555-0100\u200e עכשיו</p>"
    "<p lang=ar>اتصل على <bdi>٨٠٠-٥٥٥-٠١٠٠</bdi></p>"
    "<p>\u2066+1 (800) 555-0100\u2069</p></main>"
)
POLLUTED = """<script>
for (const name of ['find', 'number', 'token', 'href', 'title', 'data', 'site', 'polluted']) {
  Object.prototype[name] = '+19995550100';
}
Array.prototype.last = function () { return this[this.length - 1]; };
Array.prototype.remove = () => {};
String.prototype.contains = () => true;
</script>"""
_CLOBBERED = """
<form id=ringledger><input name=nodeType><input name=localName><input name=parentNode>
  <input name=firstChild><input name=nextSibling><input name=getAttribute><input name=matches>
  <input name=shadowRoot><input name=isConnected><input name=closest>
  <b>800-555-0100</b></form>
<img name=getElementById><img name=createTreeWalker-no>
"""
HOSTILE = (
    _CLOBBERED
    + "<p><b>800<i>-555</b>-0100</i><table>800-555-0100<tr><td>800.555.0100</table>"
    + f"<pre>{'8005550100' * 10_000}</pre><pre>{'8 ' * 50_000}</pre>"
    + f"<pre id=big>{'words and words ' * 60_000} 800-555-0100</pre>"
    + "<div>" * 400 + "800-555-0100" + "</div>" * 400
)  # fmt: skip
